/**
 * Hostile archives, one row each in `wheels.ts` and `sdists.ts`, through the whole of `pybun install`. Each is refused
 * with a code or installed without harm, and never is there a file outside of the environment and the store.
 */
import { createHash } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkEnvelope } from '../cli/harness/envelope.ts'
import { run } from '../cli/harness/run.ts'
import { python, type Sandbox, sandbox } from '../cli/harness/sandbox.ts'
import { inventedSource, type LocalIndex, type PageFile, type Source, startIndex } from '../index/index.mjs'
import { type Made, projectName, type Row } from './row.ts'
import { SDISTS } from './sdists.ts'
import { difference, filesBelow, surroundings } from './surroundings.ts'
import { WHEELS } from './wheels.ts'

/** What the data directory may hold at its top. */
const PLACES = ['build', 'envs', 'git', 'http', 'interpreters', 'logs', 'packages', 'tmp']
const LINKED = WHEELS.filter(({ outcome, beside }) => 'harmless' in outcome || beside)
const KINDS = [
  { kind: 'wheel', rows: WHEELS, suffix: '-py3-none-any.whl', link: 'auto' },
  { kind: 'sdist', rows: SDISTS, suffix: '.tar.gz', link: 'auto' },
  { kind: 'wheel-by-tree-links', rows: LINKED, suffix: '-py3-none-any.whl', link: 'tree' },
]

const files = new Map<string, Buffer>()
const pages = new Map<string, PageFile[]>()
let index: LocalIndex
let interpreter: string

beforeAll(async () => {
  index = await startIndex({ source: served() })
  interpreter = fingerprint()
})

afterAll(async () => {
  await index.close()
  expect(fingerprint(), 'the interpreter that environments are made of').toBe(interpreter)
})

test('the corpus is one', () => {
  const rows = [...WHEELS, ...SDISTS]
  expect(WHEELS.length).toBeGreaterThanOrEqual(150)
  expect(SDISTS.length).toBeGreaterThanOrEqual(50)
  expect(new Set(rows.map(({ about }) => about)).size).toBe(rows.length)
  expect(rows.filter(({ outcome }) => 'code' in outcome).length).toBeGreaterThanOrEqual(120)
})

describe.each(KINDS)('$kind', ({ kind, rows, suffix, link }) => {
  describe.concurrent('hostile', () => {
    test.each(rows.map((row, at) => ({ ...row, name: projectName(kind, at) })))('$about', async ({ name, ...row }) => {
      const box = sandbox(null, index.url)
      box.env.PYBUN_LINK_MODE = link
      try {
        const at = publish(box, { name, row, suffix })
        await tried(box, at, row)
      } finally {
        box.remove()
      }
    })
  })
})

async function tried(box: Sandbox, at: Made, row: Row) {
  const state = join(box.project, '.pybun')
  mkdirSync(box.cache, { recursive: true })
  if (row.beside) {
    ask(box, row.beside)
    const first = await run(box, { args: ['install'], exit: 0 })
    expect(first.exit, first.stdout + first.stderr).toBe(0)
  }
  ask(box, [...(row.beside ?? []), at.name])
  const before = surroundings(box.root, [state, box.cache, box.state])
  const args = ['install', ...(row.args ?? [])]
  const ran = await run(box, { args, exit: 0 }, ['--format=json'])
  const envelope = checkEnvelope(ran, args)
  const changed = difference(before, surroundings(box.root, [state, box.cache, box.state]))
  const told = `${row.about}\n${ran.stdout}${ran.stderr}`

  expect(
    readdirSync(box.cache).filter((name) => !PLACES.includes(name)),
    told,
  ).toEqual([])
  expect(leftovers(box.cache), told).toEqual([])
  expect(strange(box.root), told).toEqual([])
  const library = join(state, 'venv', libraryOf(state))
  if ('code' in row.outcome) {
    const [problem] = envelope.diagnostics as { code: string; hint?: string; message: string }[]
    expect([problem?.code, ran.exit], told).toEqual([row.outcome.code, 1])
    // The lock is written before the environment, once all wheels are there.
    expect(row.kept ? changed.filter((line) => !isMade(line)) : changed, told).toEqual([])
    expect(existsSync(library) ? readdirSync(library).filter((name) => !isOurs(name)) : [], told).toEqual([])
    expect(storedWheels(box.cache).length, told).toBeLessThanOrEqual((row.beside?.length ?? 0) + (row.kept ? 1 : 0))
  } else {
    expect([envelope.status, ran.exit], told).toEqual(['ok', 0])
    expect(
      changed.filter((line) => !isMade(line)),
      told,
    ).toEqual([])
    for (const [path, content] of Object.entries(row.outcome.has ?? {})) {
      expect(existsSync(join(library, path)), `${path}\n${told}`).toBe(true)
      if (content !== null) expect(readFileSync(join(library, path), 'utf8')).toBe(content)
    }
    const verified = await run(box, { args: ['cache', 'verify'], exit: 0 })
    expect(verified.exit, verified.stdout + verified.stderr).toBe(0)
    // Another distribution's list of files may be what the archive made of it.
    for (const name of row.beside ?? []) await run(box, { args: ['uninstall', name], exit: 0 })
    const removed = await run(box, { args: ['uninstall', at.name], exit: 0 })
    expect(removed.exit, removed.stdout + removed.stderr).toBe(0)
    expect(
      difference(before, surroundings(box.root, [state, box.cache, box.state])).filter((line) => !isMade(line)),
    ).toEqual([])
  }
}

function ask(box: Sandbox, names: string[]) {
  const head = '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.8"\n'
  const dependencies = names.map((name) => `"${name}"`).join(', ')
  writeFileSync(join(box.project, 'pyproject.toml'), `${head}dependencies = [${dependencies}]\n`)
}

/** Puts the archive on the index. */
function publish(box: Sandbox, { name, row, suffix }: { name: string; row: Omit<Row, 'name'>; suffix: string }): Made {
  const outside = join(box.root, 'outside')
  mkdirSync(outside)
  writeFileSync(join(outside, 'kept.txt'), 'kept\n')
  const escaped = name.replaceAll('-', '_')
  const at = { name, escaped, stem: `${escaped}-1.0`, outside }
  const bytes = row.make(at)
  const filename = row.filename?.(at) ?? `${at.stem}${suffix}`
  files.set(filename, bytes)
  const page: PageFile = { filename, size: bytes.length, hashes: { sha256: sha256(bytes) } }
  if (filename.endsWith('.whl') && !row.bare) {
    const metadata = Buffer.from(`Metadata-Version: 2.1\nName: ${name}\nVersion: 1.0\n`)
    files.set(`${filename}.metadata`, metadata)
    page['core-metadata'] = { sha256: sha256(metadata) }
  }
  pages.set(name, [page])
  return at
}

/** What was published, and a sound project that others find beside them. */
function served(): Source {
  const sound = inventedSource({ beside: { '1.0': {} } })
  return {
    names: () => [...pages.keys()],
    page: async (name) => {
      const found = pages.get(name)
      return found ? { name, files: found } : sound.page(name)
    },
    file: async (filename) => {
      const bytes = files.get(filename)
      if (!bytes) return sound.file(filename)
      const read = async (start: number, end: number) => bytes.subarray(start, end)
      return { size: bytes.length, etag: sha256(bytes).slice(0, 32), read }
    },
  }
}

function libraryOf(state: string): string {
  const lib = join(state, 'venv', 'lib')
  const [python3 = ''] = existsSync(lib) ? readdirSync(lib) : []
  return join('lib', python3, 'site-packages')
}

/** What is in the library of every new environment, and the sound distribution. */
function isOurs(name: string): boolean {
  return name.startsWith('beside') || name === '__pycache__' || name === '.pybun-trees'
}

/** What an installation makes outside of environment and store: the lock. */
function isMade(line: string): boolean {
  return line.startsWith('project/pybun.lockb: file 644 ')
}

function storedWheels(cache: string): string[] {
  const root = join(cache, 'packages', 'v4')
  const groups = existsSync(root) ? readdirSync(root).filter((name) => /^[0-9a-f]{2}$/.test(name)) : []
  return groups.flatMap((group) => readdirSync(join(root, group)))
}

/** Unfinished things that nobody took away. */
function leftovers(cache: string): string[] {
  const temporary = [join(cache, 'tmp'), join(cache, 'packages', 'v4', 'tmp')].filter((path) => existsSync(path))
  return temporary.flatMap((path) => readdirSync(path).map((name) => join(path, name)))
}

/** Files that are special, can be run as somebody else, or are written by everybody. */
function strange(root: string): string[] {
  const found = filesBelow(root).filter((path) => {
    const { mode } = lstatSync(join(root, path))
    const kind = mode & 0o170000
    return (kind !== 0o100000 && kind !== 0o120000) || (kind === 0o100000 && (mode & 0o7022) !== 0)
  })
  return found
}

/** Of the interpreter's executable, which environments link to. */
function fingerprint(): string {
  const { size, mtimeMs, mode, ino } = lstatSync(python().executable)
  return JSON.stringify({ size, mtimeMs, mode, ino })
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
