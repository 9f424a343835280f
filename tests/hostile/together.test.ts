/** Many processes at once on one store and in one environment, while the store is collected over and over. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Ran, run } from '../cli/harness/run.ts'
import { type Sandbox, sandbox } from '../cli/harness/sandbox.ts'
import { type LocalIndex, type Packages, startIndex } from '../index/index.mjs'

const PROJECTS = 16
/** The ways in which files get into an environment that differ most. */
const MODES = ['hardlink', 'tree']
const NAMES = ['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta', 'eta', 'theta']
/** So many are installed and forgotten while the others come, each with most of its files in common with them. */
const OLD = 8
const HEAD = '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.8"\n'

let index: LocalIndex
let box: Sandbox

beforeEach(async () => {
  index = await startIndex({ packages: packages(), latencyMs: 5 })
  box = sandbox(null, index.url)
})

afterEach(async () => {
  await index.close()
  box.remove()
})

test.each(MODES)('sixteen installations from one store while it is collected: %s', async (mode) => {
  box.env.PYBUN_LINK_MODE = mode
  const installed: Promise<Ran>[] = []
  for (let n = 0; n < PROJECTS; n += 1) {
    project(`p${n}`, wanted(n))
    installed.push(run(box, { cwd: `p${n}`, args: ['install'], exit: 0 }))
  }
  let pending = true
  const all = Promise.all(installed).finally(() => {
    pending = false
  })
  const { collections, removed } = await collected(() => pending)
  for (const ran of await all) expect(ran.exit, ran.stdout + ran.stderr).toBe(0)
  expect(collections).toBeGreaterThanOrEqual(OLD)
  expect(removed, 'wheels that were taken out meanwhile').toBeGreaterThanOrEqual(OLD)
  await isSound()
  for (let n = 0; n < PROJECTS; n += 1) await isRight(`p${n}`, wanted(n))
})

test.each(MODES)('four commands at a time in one environment: %s', async (mode) => {
  box.env.PYBUN_LINK_MODE = mode
  project('shared', NAMES)
  const rounds = [['install'], ['install', '--reinstall'], ['uninstall', 'alpha', 'beta'], ['install', '--verify']]
  for (let round = 0; round < 3; round += 1) {
    const all = await Promise.all(rounds.map((args) => run(box, { cwd: 'shared', args, exit: 0 })))
    all.forEach((ran, at) => {
      // What another one has just taken out, or has yet to make, cannot be taken out.
      const isGone = rounds[at]?.[0] === 'uninstall' && /uninstall\/not-installed|environment\/missing/.test(ran.stderr)
      expect(isGone ? 0 : ran.exit, `${rounds[at]?.join(' ')}\n${ran.stdout}${ran.stderr}`).toBe(0)
    })
  }
  const last = await run(box, { cwd: 'shared', args: ['install', '--verify'], exit: 0 })
  expect(last.exit, last.stderr).toBe(0)
  await isSound()
  await isRight('shared', NAMES)
})

/** Installs old versions, forgets them and collects, as long as `pending` and for each old version at least once. */
async function collected(pending: () => boolean): Promise<{ collections: number; removed: number }> {
  let removed = 0
  let collections = 0
  for (; pending() || collections < OLD; collections += 1) {
    const old = collections % OLD
    project('old', [`alpha==0.${old}`, `beta==0.${old}`])
    const ran = await run(box, { cwd: 'old', args: ['install'], exit: 0 })
    expect(ran.exit, ran.stdout + ran.stderr).toBe(0)
    rmSync(join(box.project, 'old', '.pybun'), { recursive: true })
    forget()
    const before = wheels()
    const gc = await run(box, { args: ['gc', '--max-age', '1d'], exit: 0 })
    expect(gc.exit, gc.stdout + gc.stderr).toBe(0)
    removed += before.filter((path) => !existsSync(path)).length
    if (!pending() && collections >= OLD) break
  }
  return { collections, removed }
}

/** The old versions were used last long ago. */
function forget() {
  const ago = new Date('2020-01-01')
  for (const wheel of wheels()) {
    const tree = join(wheel, 'tree')
    const isOld = existsSync(tree) && readdirSync(tree).some((name) => /-0\.\d+\.dist-info$/.test(name))
    if (isOld) utimesSync(join(wheel, 'manifest'), ago, ago)
  }
}

function wheels(): string[] {
  const root = join(box.cache, 'packages', 'v4')
  const groups = existsSync(root) ? readdirSync(root).filter((name) => /^[0-9a-f]{2}$/.test(name)) : []
  return groups.flatMap((group) => readdirSync(join(root, group)).map((name) => join(root, group, name)))
}

async function isSound() {
  const verified = await run(box, { args: ['cache', 'verify'], exit: 0 })
  expect(verified.exit, verified.stdout + verified.stderr).toBe(0)
}

/** The same files as an installation that is alone has. */
async function isRight(name: string, wants: string[]) {
  project('alone', wants)
  const env = { PYBUN_CACHE_DIR: join(box.root, 'tmp', 'alone') }
  const ran = await run(box, { cwd: 'alone', args: ['install'], env, exit: 0 })
  expect(ran.exit, ran.stderr).toBe(0)
  expect(library(name)).toEqual(library('alone'))
  rmSync(join(box.project, 'alone'), { recursive: true })
}

/** What an import finds: links are followed, and RECORD names them. */
function library(name: string): string[] {
  const lib = join(box.project, name, '.pybun', 'venv', 'lib')
  const root = join(lib, readdirSync(lib)[0] ?? '', 'site-packages')
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) =>
    statSync(join(root, path)).isFile(),
  )
  const found = files.map(
    (path) =>
      `${path} ${createHash('sha256')
        .update(readFileSync(join(root, path)))
        .digest('hex')}`,
  )
  return found.sort()
}

function project(name: string, wants: string[]) {
  mkdirSync(join(box.project, name), { recursive: true })
  const dependencies = wants.map((want) => JSON.stringify(want)).join(', ')
  writeFileSync(join(box.project, name, 'pyproject.toml'), `${HEAD}dependencies = [${dependencies}]\n`)
}

/** Each project wants others, and every package is wanted by several. */
function wanted(n: number): string[] {
  return NAMES.filter((_, at) => (n >> (at % 4)) % 2 === at % 2 || at === n % NAMES.length)
}

function packages(): Packages {
  const files = (name: string, version: string) => ({
    [`${name}/__init__.py`]: `__version__ = "${version}"\n`,
    [`${name}/blob`]: { noise: 200_000 },
    ...Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`${name}/m${n}.py`, `x = ${n % 9}\n`])),
  })
  const versions = ['1.0', ...Array.from({ length: OLD }, (_, n) => `0.${n}`)]
  return Object.fromEntries(
    NAMES.map((name) => [
      name,
      Object.fromEntries(versions.map((version) => [version, { files: files(name, version) }])),
    ]),
  )
}
