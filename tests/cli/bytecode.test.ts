/** Bytecode that comes after a command: which commands start it, what it leaves alone, and what ends it. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { must, pip } from '../compat/tools.ts'
import { type LocalIndex, startIndex } from '../index/index.mjs'
import { run } from './harness/run.ts'
import { type Sandbox, sandbox } from './harness/sandbox.ts'

/** Enough to be compiled for a while. */
const LARGE = 300
const source = (n: number) =>
  `values = [${Array.from({ length: 400 }, (_, at) => `(${n}, ${at}, "x${at}")`).join(', ')}]\n`
const PACKAGES = {
  alpha: {
    '1.0': {
      requires: ['beta'],
      scripts: { alpha: 'alpha:main' },
      files: {
        'alpha.py': 'import os, beta\ndef main(): print(os.path.exists(beta.__cached__))\n',
        'alpha_broken.py': 'def def\n',
      },
    },
  },
  beta: { '1.0': { files: { 'beta/__init__.py': '', 'beta/sub/more.py': 'x = 1\n' } } },
  large: {
    '1.0': { files: Object.fromEntries(Array.from({ length: LARGE }, (_, n) => [`large/m${n}.py`, source(n)])) },
  },
}
const ALL = ['alpha.py', 'beta/__init__.py', 'beta/sub/more.py']

let index: LocalIndex
let box: Sandbox

beforeEach(async () => {
  index = await startIndex({ packages: PACKAGES })
  box = sandbox(null, index.url)
  box.env.PYBUN_COMPILE_BYTECODE = 'background'
})

afterEach(async () => {
  await ended()
  await index.close()
  box.remove()
})

test('it is there a while after an installation, once for all projects', async () => {
  project('one', ['alpha'])
  await pybun('one', ['install'])
  await ended()
  expect(compiled('one')).toEqual(ALL)
  expect(readFileSync(join(library('one'), 'alpha-1.0.dist-info', 'RECORD'), 'utf8')).not.toContain('.pyc')
  const lists = listsOfStore()
  expect(lists).toHaveLength(2)
  await sound()

  // Neither a settled command nor one that only takes away has anything to start.
  await pybun('one', ['install'])
  expect(workers()).toEqual([])
  project('one', ['beta'])
  await pybun('one', ['install'])
  expect(workers()).toEqual([])
  expect(compiled('one')).toEqual(ALL.slice(1))

  project('two', [])
  await pybun('two', ['add', 'alpha'])
  await ended()
  expect(compiled('two')).toEqual(ALL)
  const at = (name: string) => statSync(join(library(name), 'beta', '__pycache__', pycs(name, 'beta')[0] ?? '')).ino
  expect(at('two')).toBe(at('one'))
  expect(listsOfStore()).toEqual(lists)
})

test('a program that starts next has what the store has, and no child that it did not start', async () => {
  const program = [
    'import alpha, os',
    'alpha.main()',
    'try: print(os.wait())',
    'except ChildProcessError: print("alone")',
  ].join('\n')
  project('one', ['alpha'])
  // The interpreter writes its own, as this program has it by then.
  expect(await pybun('one', ['run', '-c', program])).toBe('True\nalone\n')
  await ended()
  expect(compiled('one')).toEqual(ALL)

  box.env.PYTHONDONTWRITEBYTECODE = '1'
  project('two', ['alpha'])
  expect(await pybun('two', ['run', '-c', program])).toBe('False\nalone\n')
  delete box.env.PYTHONDONTWRITEBYTECODE

  // The interpreter may not write there: what it finds was linked before.
  const reading = `import sys; sys.dont_write_bytecode = True\n${program}`
  project('three', ['alpha'])
  expect(await pybun('three', ['run', '-c', reading])).toBe('True\nalone\n')
  expect(await pybun('.', ['x', 'alpha'])).toBe('True\n')
})

test('a program has what it imports last before the rest is compiled', async () => {
  const program = (module: string) =>
    [
      'import glob, os, sys, time',
      'directory = next(os.path.join(path, "large") for path in sys.path if os.path.isdir(os.path.join(path, "large")))',
      'compiled = lambda name: glob.glob(os.path.join(directory, "__pycache__", name + ".*.pyc"))',
      'end = time.monotonic() + 60',
      `while not compiled("${module}") and time.monotonic() < end: time.sleep(0.001)`,
      'print(len(compiled("*")))',
      'if not compiled: pass',
      `import large.${module}`,
    ].join('\n')
  project('one', ['large'])
  expect(Number(await pybun('one', ['run', '-c', program('m7')]))).toBeLessThan(LARGE / 2)
  await ended()
  project('two', ['large'])
  rmSync(box.cache, { recursive: true })
  writeFileSync(join(box.project, 'two', 'program.py'), program('m290'))
  expect(Number(await pybun('two', ['run', 'program.py']))).toBeLessThan(LARGE / 2)
  await ended()
  expect(compiled('two')).toHaveLength(LARGE)
  await sound()
})

test('nothing is started where nobody gains from it, or somebody forbids it', async () => {
  for (const [n, env] of [
    { CI: 'true' },
    { PYTHONDONTWRITEBYTECODE: '1' },
    { PYBUN_COMPILE_BYTECODE: '0' },
    { PYBUN_COMPILE_BYTECODE: 'never' },
  ].entries()) {
    for (const args of [['install'], ['--no-progress', 'install', '--verify'], ['run', '-c', 'pass']]) {
      const name = `${n} ${args.at(-1)}`
      project(name, ['alpha'])
      await pybun(name, args, env)
      expect(workers(), name).toEqual([])
      expect(compiled(name), name).toEqual([])
    }
  }
  project('directory', ['alpha'])
  await pybun('directory', ['install', '--target', 'lib'])
  expect(workers()).toEqual([])
})

test('true means as a part of the installation, as ever', async () => {
  for (const [n, value] of ['1', 'true', 'always'].entries()) {
    project(`${n}`, ['alpha'])
    await pybun(`${n}`, ['install'], { PYBUN_COMPILE_BYTECODE: value })
    expect(workers()).toEqual([])
    expect(compiled(`${n}`)).toEqual(ALL)
  }
  delete box.env.PYBUN_COMPILE_BYTECODE
  for (const [value, expected] of [
    ['true', ALL],
    ['"always"', ALL],
    ['false', []],
  ] as const) {
    const name = `configured ${value}`
    project(name, ['alpha'])
    writeFileSync(join(box.project, name, 'pyproject.toml'), `\n[tool.pybun]\ncompile-bytecode = ${value}\n`, {
      flag: 'a',
    })
    await pybun(name, ['install'])
    expect(workers()).toEqual([])
    expect(compiled(name), name).toEqual(expected)
  }
})

test('pip takes it away with the rest', async () => {
  project('one', ['alpha'])
  await pybun('one', ['install'])
  await ended()
  expect(compiled('one')).toEqual(ALL)
  await must(box, pip(join(box.project, 'one', '.pybun', 'venv'), 'uninstall', '--yes', 'alpha', 'beta'))
  expect(readdirSync(library('one')).filter((name) => name !== '__pycache__')).toEqual([])
  expect(compiled('one')).toEqual([])
})

test('a process that was killed leaves what another one completes', async () => {
  project('one', ['large'])
  await pybun('one', ['install'])
  await expect.poll(workers).toHaveLength(1)
  const [worker = 0] = workers()
  // With the interpreters that it has started.
  process.kill(-worker, 'SIGKILL')
  await ended()
  expect(compiled('one').length).toBeLessThan(LARGE)
  await sound()
  await complete('one')
  expect(compiled('one')).toHaveLength(LARGE)
  await sound()
})

test('an environment may go while it is completed', async () => {
  project('one', ['large'])
  await pybun('one', ['install'])
  await expect.poll(workers).toHaveLength(1)
  rmSync(join(box.project, 'one', '.pybun'), { recursive: true, maxRetries: 10 })
  await ended()
  expect(existsSync(join(box.project, 'one', '.pybun'))).toBe(false)
  await sound()

  // Or change: whoever installs next does not wait, and the process that is at work does the rest.
  project('two', ['large'])
  rmSync(box.cache, { recursive: true })
  await pybun('two', ['install'])
  await expect.poll(workers).toHaveLength(1)
  await pybun('two', ['add', 'alpha'])
  await pybun('two', ['remove', 'large'])
  await ended()
  expect(compiled('two')).toEqual(ALL)
  expect(existsSync(join(library('two'), 'large'))).toBe(false)
  await sound()
})

test('a store that nothing can be written to', async () => {
  const place = { kind: 'read-only', path: 'home/.cache/pybun' } as const
  for (const name of ['one', 'two']) {
    project(name, ['alpha'])
    await pybun(name, ['install'], { PYBUN_COMPILE_BYTECODE: 'never' })
  }
  const nothing = await run(box, { program: asked('one'), place, exit: 1 })
  expect(nothing).toMatchObject({ exit: 1, stdout: '', stderr: '' })
  expect(compiled('one')).toEqual([])
  await complete('one')
  // What it has is enough for others.
  const linked = await run(box, { program: asked('two'), place, exit: 0 })
  expect(linked).toMatchObject({ exit: 0, stdout: '', stderr: '' })
  expect(compiled('two')).toEqual(ALL)
  await sound()
})

function project(name: string, dependencies: string[]) {
  mkdirSync(join(box.project, name), { recursive: true })
  const head = '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.8"\n'
  writeFileSync(join(box.project, name, 'pyproject.toml'), `${head}dependencies = ${JSON.stringify(dependencies)}\n`)
}

async function pybun(cwd: string, args: string[], env: Record<string, string> = {}): Promise<string> {
  const ran = await run(box, { cwd, args, env, exit: 0 })
  expect(ran.exit, ran.stdout + ran.stderr).toBe(0)
  return ran.stdout
}

async function sound() {
  const said = await pybun('.', ['cache', 'verify'], { PYBUN_COMPILE_BYTECODE: 'never' })
  expect(said).toMatch(/\bsound|no damage|nothing/i)
}

/** What the process that comes after is asked for. */
function asked(name: string): string[] {
  const platforms = fileURLToPath(new URL('../../npm/platforms', import.meta.url))
  const engines = readdirSync(platforms).map((triple) => join(platforms, triple, 'pybun-engine'))
  const engine = engines.find((path) => existsSync(path))
  if (!engine) throw new Error('the engine is not built: run `node scripts/prepare.mjs`')
  return [engine, 'bytecode', 'auto', box.cache, join(box.project, name, '.pybun', 'venv')]
}

async function complete(name: string) {
  const ran = await run(box, { program: asked(name), exit: 0 })
  expect(ran).toMatchObject({ exit: 0, stdout: '', stderr: '' })
}

/** The processes that complete environments of this test. */
function workers(): number[] {
  const numbers = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const isOurs = (number: string) => {
    try {
      const words = readFileSync(join('/proc', number, 'cmdline'), 'utf8').split('\0')
      return words[1] === 'bytecode' && words.includes(box.cache) && readlinkSync(join('/proc', number, 'cwd')) === '/'
    } catch {
      return false
    }
  }
  return numbers.filter(isOurs).map(Number)
}

async function ended() {
  for (let tries = 0; workers().length > 0; tries += 1) {
    if (tries > 1000) throw new Error(`${workers()} do not end`)
    await sleep(20)
  }
}

function library(name: string): string {
  const lib = join(box.project, name, '.pybun', 'venv', 'lib')
  return join(lib, readdirSync(lib)[0] ?? '', 'site-packages')
}

function pycs(name: string, directory: string): string[] {
  return readdirSync(join(library(name), directory, '__pycache__'))
}

/** The sources of an environment that have bytecode. */
function compiled(name: string): string[] {
  const found = readdirSync(library(name), { recursive: true, encoding: 'utf8' })
  const sources = found.flatMap(
    (path) => /^(.*?)__pycache__\/([^/.]+)\.[^/]*\.pyc$/.exec(path)?.slice(1).join('') ?? [],
  )
  return sources.map((stem) => `${stem}.py`).sort()
}

/** What is known to be compiled, and since when. */
function listsOfStore(): string[] {
  const store = join(box.cache, 'packages')
  const found = readdirSync(store, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /\/bytecode\/[^/]+$/.test(path),
  )
  return found.map((path) => `${path} ${statSync(join(store, path)).mtimeMs}`)
}
