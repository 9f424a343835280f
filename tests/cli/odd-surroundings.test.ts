/** What a command meets around it: variables that are no text, nothing to take from, somebody who is at work. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type LocalIndex, startIndex } from '../index/index.mjs'
import { run } from './harness/run.ts'
import { PYBUN, python, type Sandbox, sandbox } from './harness/sandbox.ts'

const MANIFEST = '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.8"\ndependencies = ["alpha"]\n'

const HOLD = `
import fcntl, sys
held = open(".pybun/lock", "w")
fcntl.flock(held, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
`

let index: LocalIndex
let box: Sandbox

beforeEach(async () => {
  const alpha = {
    scripts: { alpha: 'alpha:main' },
    files: { 'alpha.py': 'import sys\ndef main(): print(sys.prefix)\n' },
  }
  index = await startIndex({ packages: { alpha: { '1.0': alpha } } })
  box = sandbox(null, index.url)
  writeFileSync(join(box.project, 'pyproject.toml'), MANIFEST)
})

afterEach(async () => {
  await index.close()
  box.remove()
})

test.each([
  ['install', '-q'],
  ['install', '-q', '--reinstall'],
  ['run', '-c', 'import alpha'],
  ['uninstall', '-q', 'alpha'],
])('a variable that is no text does not end `%s %s`', async (...args) => {
  await run(box, { args: ['install'], exit: 0 })
  const ran = await run(box, {
    program: ['sh', '-c', `ODD="$(printf '\\377')" exec "$0" "$@"`, PYBUN, ...args],
    exit: 0,
  })
  expect(ran).toEqual({ stdout: '', stderr: '', exit: 0 })
})

test('where there is no environment, nothing is taken from one and none is made', async () => {
  const ran = await run(box, { args: ['uninstall', 'alpha'], exit: 1 })
  expect(ran.exit).toBe(1)
  expect(ran.stderr).toContain('error[environment/missing]')
  expect(existsSync(join(box.project, '.pybun'))).toBe(false)
})

test('a command that fails leaves nothing of what it was unpacking', async () => {
  const large = {
    'blob.py': { noise: 3_000_000 },
    ...Object.fromEntries(names(200).map((name) => [`${name}.py`, 'x = 1\n'])),
  }
  const packages = Object.fromEntries(names(6).map((name) => [name, { '1.0': { files: filesOf(name, large) } }]))
  const own = await startIndex({
    packages: { ...packages, broken: { '1.0': {} } },
    faults: [{ path: 'broken-1.0-py3-none-any.whl', end: '.whl', status: 403 }],
  })
  const wanted = [...names(6), 'broken'].map((name) => `"${name}"`)
  writeFileSync(join(box.project, 'pyproject.toml'), MANIFEST.replace('"alpha"', wanted.join(', ')))
  box.env.PYBUN_INDEX_URL = own.url
  const ran = await run(box, { args: ['install'], exit: 1 })
  await own.close()
  expect(ran.exit, ran.stderr).toBe(1)
  for (const place of ['tmp', 'packages/v4/tmp']) {
    const directory = join(box.cache, place)
    expect(existsSync(directory) ? readdirSync(directory) : [], place).toEqual([])
  }
})

test.each([['install', '--reinstall'], ['uninstall', 'alpha'], ['install']])(
  'who has to wait for another one is told: %s %s',
  async (...args) => {
    await run(box, { args: ['install'], exit: 0 })
    if (args.length === 1) writeFileSync(join(box.project, 'pyproject.toml'), MANIFEST.replace('"alpha"', ''))
    const holder = spawn(python().executable, ['-c', HOLD], { cwd: box.project, stdio: ['pipe', 'pipe', 'inherit'] })
    await once(holder.stdout, 'data')
    const waiting = spawn(PYBUN, args, { cwd: box.project, env: box.env, stdio: ['ignore', 'ignore', 'pipe'] })
    let told = ''
    waiting.stderr.setEncoding('utf8').on('data', (text) => {
      told += text
      // Only whoever has told it may go on.
      if (told.includes('\n')) holder.stdin.end()
    })
    const [code] = await once(waiting, 'close')
    expect(told.split('\n')[0]).toBe(`Waiting for another pybun that works in ${box.project}`)
    expect(code, told).toBe(0)
  },
)

test('commands of a project that was copied run in the copy, of one that was moved in its new place', async () => {
  await run(box, { args: ['install'], exit: 0 })
  const prefix = async (cwd: string) => {
    const ran = await run(box, { args: ['run', 'alpha'], cwd, exit: 0 })
    expect(ran.exit, ran.stderr).toBe(0)
    return ran.stdout.trim()
  }
  expect(await prefix('.')).toBe(join(box.project, '.pybun', 'venv'))
  const copy = join(box.root, 'copy')
  cpSync(box.project, copy, { recursive: true, verbatimSymlinks: true })
  expect(await prefix('../copy')).toBe(join(copy, '.pybun', 'venv'))
  const moved = join(box.root, 'moved')
  renameSync(copy, moved)
  expect(await prefix('../moved')).toBe(join(moved, '.pybun', 'venv'))
})

const names = (count: number) => Array.from({ length: count }, (_, n) => `m${n}`)
const filesOf = (name: string, files: object) =>
  Object.fromEntries(Object.entries(files).map(([path, content]) => [`${name}/${path}`, content]))
