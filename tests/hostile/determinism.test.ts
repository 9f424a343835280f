/**
 * One lock, one tree: names, modes and contents of an environment depend on nothing else. What names the directory or
 * the interpreter itself is compared once both names are taken out of it.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '../cli/harness/run.ts'
import { python, type Sandbox, sandbox } from '../cli/harness/sandbox.ts'
import { type LocalIndex, type Packages, startIndex } from '../index/index.mjs'
import { difference } from './surroundings.ts'

const many = (name: string, count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`${name}/d${n % 7}/m${n}.py`, `x = ${n % 50}\n`]))

const PACKAGES: Packages = {
  alpha: {
    '1.0': {
      requires: ['beta', 'gamma', 'built', 'part-one', 'part-two'],
      scripts: { alpha: 'alpha:main', 'alpha-two': 'alpha:main' },
      gui_scripts: { 'alpha-gui': 'alpha:main' },
      files: { 'alpha/__init__.py': 'def main(): print("alpha")\n', ...many('alpha', 600) },
      data: {
        'scripts/alpha-script': '#!python\nprint("script")\n',
        'scripts/alpha-shell': '#!/bin/sh\necho shell\n',
        'data/share/alpha/doc.txt': 'doc\n',
        'headers/alpha.h': '#define ALPHA 1\n',
      },
    },
  },
  beta: { '1.0': { files: { 'beta/__init__.py': '', 'beta/blob': { noise: 3_000_000 }, ...many('beta', 300) } } },
  gamma: { '1.0': { defect: 'streamed', files: { 'gamma.py': '', 'shared/file.py': 'of = "gamma"\n' } } },
  built: { '1.0': { wheel: false, sdist: { dynamic: true }, scripts: { built: 'built:main' } } },
  'part-one': { '1.0': { files: { 'space/one.py': '1\n', 'shared/file.py': 'of = "one"\n' } } },
  'part-two': { '1.0': { files: { 'space/two.py': '2\n', 'shared/file.py': 'of = "two"\n' } } },
}
const MANIFEST = '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.8"\ndependencies = ["alpha"]\n'

let index: LocalIndex
let box: Sandbox
let first: Map<string, string>

beforeAll(async () => {
  index = await startIndex({ packages: PACKAGES })
  box = sandbox(null, index.url)
  writeFileSync(join(box.project, 'pyproject.toml'), MANIFEST)
  const ran = await run(box, { args: ['install'], exit: 0 })
  expect(ran.exit, ran.stderr).toBe(0)
  first = tree(box.project)
  expect(first.size).toBeGreaterThan(900)
})

afterAll(async () => {
  await index.close()
  box.remove()
})

interface Way {
  about: string
  cold?: true
  env?: Record<string, string>
  args?: string[]
  place?: string
  python?: (at: Sandbox) => string
}

const threads = (count: number): Way => ({
  about: `${count} threads for each kind of work`,
  env: { PYBUN_IO_THREADS: `${count}`, PYBUN_CPU_THREADS: `${count}` },
})
const cold = (way: Way): Way => ({ ...way, about: `${way.about}, from nothing`, cold: true })

const WAYS: Way[] = [
  { about: 'the same once more' },
  { about: 'a directory with a space and a letter', place: 'another é directory' },
  { about: 'a deep directory', place: `${'deep/'.repeat(30)}end-of-it` },
  cold({ about: 'the same' }),
  threads(1),
  threads(16),
  cold(threads(1)),
  cold(threads(2)),
  cold(threads(16)),
  { about: 'as the CLI does it', args: ['--format=json', '--verbose'], cold: true },
  { about: 'copies', args: ['--link-mode', 'copy'] },
  { about: 'every file anew', args: ['--reinstall'] },
  { about: 'the interpreter of an environment', python: environmentOfSameVersion },
  { about: 'an interpreter in another place', python: linkedPrefix },
]

test.each([
  ['bytecode', ['--compile-bytecode']],
  ['tree links', ['--link-mode', 'tree']],
])('%s too', async (about, more) => {
  const trees: Map<string, string>[] = []
  for (const [at, count] of [1, 1, 2, 16].entries()) {
    const place = join(box.root, `${about} ${at}`)
    mkdirSync(place)
    for (const file of ['pyproject.toml', 'pybun.lockb']) copyFileSync(join(box.project, file), join(place, file))
    const number = `${count}`
    const threads = { PYBUN_IO_THREADS: number, PYBUN_CPU_THREADS: number }
    const env = { ...threads, PYBUN_CACHE_DIR: at === 0 ? box.cache : join(place, '.cache') }
    const args = ['install', ...more]
    const ran = await run(box, { cwd: relative(box.project, place), args, env, exit: 0 })
    expect(ran.exit, ran.stdout + ran.stderr).toBe(0)
    trees.push(tree(place, env.PYBUN_CACHE_DIR))
  }
  const [one = new Map(), ...others] = trees
  const special = [...one].filter(([path, what]) => path.endsWith('.pyc') || what.includes('link to [CACHE]'))
  expect(special.length).toBeGreaterThan(about === 'bytecode' ? 900 : 3)
  for (const other of others) expect(difference(one, other)).toEqual([])
})

test.each(WAYS)('$about', async (way) => {
  const at = join(box.root, way.place ?? way.about.replaceAll(' ', '-'))
  mkdirSync(at, { recursive: true })
  for (const file of ['pyproject.toml', 'pybun.lockb']) copyFileSync(join(box.project, file), join(at, file))
  const env = { ...way.env, ...(way.cold ? { PYBUN_CACHE_DIR: join(at, '.cache') } : {}) }
  const chosen = way.python ? ['--python', way.python(box)] : []
  const step = { cwd: relative(box.project, at), args: ['install', ...(way.args ?? []), ...chosen], env, exit: 0 }
  const ran = await run(box, step)
  expect(ran.exit, ran.stdout + ran.stderr).toBe(0)
  expect(difference(first, tree(at))).toEqual([])
  expect(readFileSync(join(at, 'pybun.lockb'))).toEqual(readFileSync(join(box.project, 'pybun.lockb')))
})

/** Path -> mode and content, without what names the project's directory or the interpreter's. */
function tree(project: string, cache = ''): Map<string, string> {
  const root = join(project, '.pybun', 'venv')
  const home = /^home = (.*)$/m.exec(readFileSync(join(root, 'pyvenv.cfg'), 'utf8'))?.[1] ?? ''
  const found = new Map<string, string>()
  const pending = [root]
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    for (const name of readdirSync(directory)) {
      const path = join(directory, name)
      const stat = lstatSync(path)
      if (stat.isDirectory()) pending.push(path)
      const what = stat.isDirectory()
        ? 'directory'
        : stat.isSymbolicLink()
          ? `link to ${readlinkSync(path)
              .replace(home, '[HOME]')
              .replace(cache || '\0', '[CACHE]')}`
          : createHash('sha256')
              .update(plain(path, { root, home, name: basename(project) }))
              .digest('hex')
      found.set(relative(root, path), `${stat.mode.toString(8)} ${what}`)
    }
  }
  return found
}

/** Bytes as Latin-1, so that none is lost. */
function plain(path: string, { root, home, name }: { root: string; home: string; name: string }): string {
  const bytes = (text: string) => Buffer.from(text).toString('latin1')
  const text = readFileSync(path, 'latin1').replaceAll(bytes(root), '[ENVIRONMENT]').replaceAll(bytes(home), '[HOME]')
  // The prompt is the name of the project's directory.
  if (/\/(pyvenv\.cfg|activate[^/]*)$/i.test(path)) return text.replaceAll(bytes(name), '[NAME]')
  // Scripts differ in their first line, and so do their hashes.
  if (path.endsWith('/RECORD')) return text.replace(/^(\.\.\/\.\.\/\.\.\/bin\/.*),sha256=.*,\d+$/gm, '$1')
  return text.replace(/^#!\/bin\/sh\n'''exec' "(.*)" "\$0" "\$@"\n' '''\n/, '#!$1\n')
}

function environmentOfSameVersion(at: Sandbox): string {
  const place = join(at.root, 'other-environment')
  execFileSync(python().executable, ['-m', 'venv', '--without-pip', place])
  return join(place, 'bin', 'python')
}

/** The whole installation under another name. */
function linkedPrefix(at: Sandbox): string {
  const place = join(at.root, 'other-prefix')
  symlinkSync(dirname(dirname(python().executable)), place)
  return join(place, 'bin', 'python3')
}
