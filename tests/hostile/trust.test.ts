/**
 * Whom PyBun believes (docs/security.md), in each of its ways: what is settled (the launcher), a plain project that is not (the
 * engine), and the CLI.
 */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Ran, run } from '../cli/harness/run.ts'
import { type Sandbox, sandbox } from '../cli/harness/sandbox.ts'
import { type LocalIndex, startIndex } from '../index/index.mjs'
import { difference, surroundings } from './surroundings.ts'

const STRANGER = 65534
const IS_ROOT = process.getuid?.() === 0
const WAYS = ['settled', 'engine', 'cli'] as const
type Way = (typeof WAYS)[number]

let index: LocalIndex
let box: Sandbox

beforeEach(async () => {
  index = await startIndex({ packages: { alpha: { '1.0': { scripts: { alpha: 'alpha:main' } } } } })
  box = sandbox(null, index.url)
  write('project/pyproject.toml', manifest('"alpha"'))
  write('victim/profile', 'mine\n')
  mkdirSync(at('victim/venv'))
})

afterEach(async () => {
  await index.close()
  box.remove()
})

describe.each(WAYS)('%s', (way) => {
  const LINKS: [string, string][] = [
    ['pybun.lockb', 'victim/profile'],
    ['pybun.lockb', 'victim/made'],
    ['.pybun', 'victim/venv'],
    ['.pybun/lock', 'victim/made'],
    ['.pybun/lock', 'victim/profile'],
    ['.pybun/venv', 'victim/venv'],
    ['.pybun/venv', 'victim/made'],
  ]

  test.each(LINKS)('nothing is written through %s that leads to %s', async (place, to) => {
    await begin(way)
    rmSync(at(`project/${place}`), { recursive: true, force: true })
    mkdirSync(dirname(at(`project/${place}`)), { recursive: true })
    symlinkSync(at(to), at(`project/${place}`))
    const before = surroundings(at('victim'), [])
    for (const args of [['lock'], ['install'], ['lock', '--upgrade'], ['run', '-c', '1']]) await call(way, args)
    expect(difference(before, surroundings(at('victim'), []))).toEqual([])
  })

  test('an environment that came with a clone is moved aside, and not run', async () => {
    await begin(way)
    rmSync(at('project/.pybun/venv'), { recursive: true, force: true })
    evil('project/.pybun/venv/bin/python')
    evil('project/.pybun/venv/bin/alpha')
    write('project/.pybun/venv/pyvenv.cfg', 'home = /usr/bin\npybun = 0.1.0\n')
    write('project/requirements.txt', 'alpha\n')
    for (const line of [
      'install --dry-run',
      'uninstall alpha',
      'install --dry-run -r requirements.txt',
      'lock',
      'tree',
    ])
      await call(way, line.split(' '))
    expect(existsSync(at('ran'))).toBe(false)
    const { exit, stderr } = await call(way, ['run', '-c', 'import alpha; print(alpha)'])
    expect(existsSync(at('ran')), stderr).toBe(false)
    expect(exit, stderr).toBe(0)
    expect(stderr).toContain('was not made by PyBun here')
    expect(readFileSync(at('project/.pybun/venv.aside-1/bin/python'), 'utf8')).toContain('ran')
  })

  test('a link in an environment that PyBun made leads nothing out of it', async () => {
    await begin(way)
    const ready = await call('cli', ['install'])
    expect(ready.exit, ready.stderr).toBe(0)
    const library = librariesOf(at('project/.pybun/venv'))
    rmSync(join(library, 'alpha.py'), { force: true })
    rmSync(join(library, 'alpha'), { recursive: true, force: true })
    for (const name of ['alpha', '.pybun-journal.new']) symlinkSync(at('victim/profile'), join(library, name))
    rmSync(at('project/.pybun/venv/bin/alpha'))
    symlinkSync(at('victim/profile'), at('project/.pybun/venv/bin/alpha'))
    const before = surroundings(at('victim'), [])
    for (const line of ['install --reinstall', 'install --verify', 'uninstall alpha', 'install'])
      await call(way, line.split(' '))
    expect(difference(before, surroundings(at('victim'), []))).toEqual([])
  })

  test('what a clone has for a stamp is none', async () => {
    await begin('settled')
    const state = filesNamed(at('home/.local/state'), 'stamps')
    expect(state.length).toBe(1)
    const stamp = readFileSync(state[0] ?? '', 'utf8')
    rmSync(at('home/.local/state'), { recursive: true })
    write('project/.pybun/stamp', stamp)
    evil('project/.pybun/venv/bin/python')
    const { stderr } = await call(way, ['run', '-c', '1'])
    expect(existsSync(at('ran')), stderr).toBe(false)
  })

  test.runIf(IS_ROOT)('what another user left above is no project', async () => {
    await begin(way)
    mkdirSync(at('project/mine'))
    write('project/mine/hello.py', 'print("mine")\n')
    for (const path of ['project/pyproject.toml', 'project/.pybun', 'project']) {
      chownSync(at(path), STRANGER, STRANGER)
      const cwd = 'mine'
      const refused = await call(way, ['install'], { cwd })
      expect(refused.stderr).toContain('[project/foreign]')
      expect(refused.exit).toBe(1)
      const ran = await call(way, ['run', 'hello.py'], { cwd })
      expect(ran.stdout, ran.stderr).toBe('mine\n')
      const admitted = await call(way, ['lock'], { cwd, env: { PYBUN_TRUSTED_DIRECTORIES: `/x:${at('project')}` } })
      expect(admitted.exit, admitted.stderr).toBe(0)
      write('home/.config/pybun/config.toml', `trusted-directories = ["${at('project')}"]\n`)
      const configured = await call(way, ['lock'], { cwd })
      expect(configured.exit, configured.stderr).toBe(0)
      rmSync(at('home/.config'), { recursive: true })
      chownSync(at(path), 0, 0)
    }
  })

  test.runIf(IS_ROOT)('an environment of another user above is passed over', async () => {
    evil('project/.pybun/venv/bin/python')
    write('project/.pybun/venv/pyvenv.cfg', 'home = /usr/bin\n')
    rmSync(at('project/pyproject.toml'))
    execFileSync('chown', ['-R', `${STRANGER}:${STRANGER}`, at('project')])
    write('project/mine/hello.py', 'print("mine")\n')
    const ran = await call(way, ['run', 'hello.py'], { cwd: 'mine' })
    expect(ran.stdout, ran.stderr).toBe('mine\n')
    await call(way, ['uninstall', 'alpha'], { cwd: 'mine' })
    expect(existsSync(at('ran'))).toBe(false)
  })

  test('a data directory of others, or for everybody, is refused', async () => {
    await begin(way)
    const data = at('data')
    mkdirSync(data)
    const env = { PYBUN_HOME: data }
    chmodSync(data, 0o777)
    const open = await call(way, ['install'], { env })
    expect(open.stderr).toContain('[cache/open-to-all]')
    chmodSync(data, 0o755)
    if (IS_ROOT) {
      chownSync(data, STRANGER, STRANGER)
      for (const args of [['install'], ['x', 'alpha'], ['tree']]) {
        const { stderr, exit } = await call(way, args, { env })
        expect(stderr).toContain('[cache/foreign]')
        expect(exit).toBe(1)
      }
      const { exit, stderr } = await call(way, ['lock'], { env: { ...env, PYBUN_TRUSTED_DIRECTORIES: data } })
      expect(exit, stderr).toBe(0)
    }
    expect(readdirSync(data)).toEqual(IS_ROOT ? expect.anything() : [])
  })
})

test('a project that was moved is made again from the store, without a network', async () => {
  await begin('settled')
  renameSync(at('project'), at('moved'))
  const { exit, stderr } = await call('engine', ['--offline', 'run', '-c', 'import alpha'], { cwd: '../moved' })
  expect(exit, stderr).toBe(0)
  expect(readdirSync(at('moved/.pybun')).filter((name) => name.includes('aside'))).toEqual([])
})

/** A project that is ready, or that is not yet. */
async function begin(way: Way) {
  if (way !== 'settled') return
  const { exit, stderr } = await call('engine', ['install'])
  expect(exit, stderr).toBe(0)
}

function call(way: Way, args: string[], step: { cwd?: string; env?: Record<string, string> } = {}): Promise<Ran> {
  const env = { ...(way === 'cli' ? { PYBUN_NO_LAUNCHER: '1' } : {}), ...step.env }
  return run(box, { args, exit: 0, ...step, env })
}

function at(path: string): string {
  return join(box.root, path)
}

function write(path: string, text: string) {
  mkdirSync(dirname(at(path)), { recursive: true })
  writeFileSync(at(path), text)
}

/** A program that tells that it was started. */
function evil(path: string) {
  rmSync(at(path), { force: true })
  write(path, `#!/bin/sh\necho "$0" >> '${at('ran')}'\n`)
  chmodSync(at(path), 0o755)
}

function manifest(dependencies: string): string {
  return `[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.8"\ndependencies = [${dependencies}]\n`
}

function librariesOf(environment: string): string {
  const [version = ''] = readdirSync(join(environment, 'lib'))
  return join(environment, 'lib', version, 'site-packages')
}

function filesNamed(root: string, room: string): string[] {
  const entries = readdirSync(root, { recursive: true, encoding: 'utf8' })
  return entries.filter((path) => path.includes(`${room}/`)).map((path) => join(root, path))
}
