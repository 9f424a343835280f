/**
 * Locks of real projects beside uv's, from the public index as it was on one day: a table of equal, newer, older and failed
 * packages. The differences that there are have their reasons in docs/compatibility.md. `PYBUN_REAL_TABLE` names a file that
 * gets the table as well.
 *
 * Nothing of a third party is built: both tools are told to use wheels only.
 */
import { execFileSync } from 'node:child_process'
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { PYBUN, python, type Sandbox, sandbox } from '../cli/harness/sandbox.ts'
import { PROJECTS, SETS } from './real-sets.ts'
import { ask, must, uv } from './tools.ts'
import { compareVersions } from './version.ts'

/** Files uploaded later do not exist for either. */
const DAY = process.env.PYBUN_REAL_DATE ?? '2026-09-01T00:00:00Z'
const PASSED_ON = ['SSL_CERT_FILE', 'SSL_CERT_DIR', 'HTTPS_PROXY', 'https_proxy', 'NO_PROXY', 'no_proxy']
const LIMIT_MS = 9 * 60_000

type Versions = Map<string, string[]>
const rows: string[] = []

describe('requirements', () => {
  test.each(SETS)('$name', async ({ name, python: pythons, requirements }) => {
    const head = `[project]\nname = "compared"\nversion = "0"\nrequires-python = "${pythons}"\n`
    const manifest = `${head}dependencies = ${JSON.stringify(requirements)}\n`
    await compared(name, (box) => writeFileSync(join(box.project, 'pyproject.toml'), manifest))
  })
})

describe('published projects', () => {
  test.each(PROJECTS)('$name $version', async ({ name, version }) => {
    const sdist = await sdistOf(name, version)
    await compared(`${name} ${version}`, (box) => unpack(sdist, box))
  })
})

afterAll(() => {
  const head =
    '| set | packages | equal | newer | older | only PyBun | only uv | seconds, PyBun / uv |\n|---|---|---|---|---|---|---|---|'
  const table = `${[head, ...rows].join('\n')}\n`
  console.log(`\n${table}`)
  if (process.env.PYBUN_REAL_TABLE) appendFileSync(process.env.PYBUN_REAL_TABLE, table)
})

async function compared(name: string, fill: (box: Sandbox) => void) {
  const [ours, theirs] = [open(fill), open(fill)]
  try {
    const from = performance.now()
    const options = ['--exclude-newer', DAY, '--only-binary', ':all:', '--python', python().executable]
    const locked = await ask(ours, [PYBUN, '--format=json', 'lock', ...options])
    const between = performance.now()
    const where = ['--python', python().executable, '--no-build', '--exclude-newer', DAY]
    const answer = await ask(theirs, uv('lock', '-q', ...where))
    const seconds = [between - from, performance.now() - between].map((ms) => (ms / 1000).toFixed(1)).join(' / ')
    const uvSays = answer.exit === 0 ? null : answer.stderr
    const weSay = locked.exit === 0 ? null : locked.stdout + locked.stderr
    if (uvSays !== null && weSay !== null) {
      rows.push(`| ${name} | no solution for either | | | | | | ${seconds} |`)
      return
    }
    expect(weSay, `uv has a solution, and PyBun: ${weSay}`).toBeNull()
    expect(uvSays, `PyBun has a solution, and uv: ${uvSays}`).toBeNull()
    const lock = JSON.parse(await must(ours, [PYBUN, 'lock', '--json']))
    const mine = versions(lock.packages.map((of: { name: string; version: string }) => [of.name, of.version]))
    rows.push(row(name, mine, ofUv(readFileSync(join(theirs.project, 'uv.lock'), 'utf8')), seconds))
    expect(between - from).toBeLessThan(LIMIT_MS)
  } finally {
    ours.remove()
    theirs.remove()
  }
}

function row(name: string, mine: Versions, theirs: Versions, seconds: string): string {
  const found: Record<'newer' | 'older' | 'ours' | 'uv', string[]> = { newer: [], older: [], ours: [], uv: [] }
  let equal = 0
  for (const project of new Set([...mine.keys(), ...theirs.keys()])) {
    const [a, b] = [mine.get(project), theirs.get(project)]
    if (!a) found.uv.push(`${project} ${b}`)
    else if (!b) found.ours.push(`${project} ${a}`)
    else if (a.join() === b.join()) equal += 1
    else found[isNewer(a, b) ? 'newer' : 'older'].push(`${project} ${a.join(' ')} for ${b.join(' ')}`)
  }
  const cell = (of: string[]) => (of.length === 0 ? '0' : `${of.length}: ${of.sort().join(', ')}`)
  const { newer, older, ours, uv: only } = found
  return `| ${[name, mine.size, equal, cell(newer), cell(older), cell(ours), cell(only), seconds].join(' | ')} |`
}

/** By the newest versions in which they differ. */
function isNewer(a: string[], b: string[]): boolean {
  const own = (these: string[], others: string[]) =>
    these.filter((version) => !others.includes(version)).sort(compareVersions)
  const [mine, theirs] = [own(a, b).at(-1), own(b, a).at(-1)]
  return theirs === undefined || (mine !== undefined && compareVersions(mine, theirs) > 0)
}

function versions(pins: [string, string][]): Versions {
  const all: Versions = new Map()
  for (const [name, version] of pins) {
    const known = all.get(name) ?? []
    if (!known.includes(version)) all.set(name, [...known, version].sort(compareVersions))
  }
  return all
}

/** Everything of a uv.lock that comes from an index. */
function ofUv(text: string): Versions {
  const packages = text.split('[[package]]').slice(1)
  const pins = packages.flatMap((table): [string, string][] => {
    const [name, version] = ['name', 'version'].map((key) => new RegExp(`^${key} = "(.*)"$`, 'm').exec(table)?.[1])
    return name && version && /^source = \{ registry = /m.test(table) ? [[name, version]] : []
  })
  return versions(pins)
}

function open(fill: (box: Sandbox) => void): Sandbox {
  const box = sandbox(null, '')
  delete box.env.PYBUN_INDEX_URL
  box.env.UV_PYTHON_DOWNLOADS = 'never'
  for (const name of PASSED_ON) {
    const value = process.env[name]
    if (value) box.env[name] = value
  }
  fill(box)
  return box
}

async function sdistOf(name: string, version: string): Promise<Buffer> {
  const product = readFileSync(new URL('../../crates/model/src/public_index.rs', import.meta.url), 'utf8')
  const [index] = /https:[^"]*/.exec(product) ?? []
  if (!index) throw new Error('the public index is not where it was')
  const page = `${index}/${name}/`
  const answer = await fetch(page, { headers: { accept: 'application/vnd.pypi.simple.v1+json' } })
  const { files } = (await answer.json()) as { files: { filename: string; url: string }[] }
  const sdist = files.find(({ filename }) => filename === `${name}-${version}.tar.gz`)
  if (!sdist) throw new Error(`${name} ${version} has no sdist`)
  return Buffer.from(await (await fetch(new URL(sdist.url, page))).arrayBuffer())
}

/** What the manifest says to uv alone is left out, and so is a lock of its own. */
function unpack(sdist: Buffer, box: Sandbox): void {
  execFileSync('tar', ['-xzf', '-', '--strip-components=1', '-C', box.project], { input: sdist })
  rmSync(join(box.project, 'uv.lock'), { force: true })
  const manifest = join(box.project, 'pyproject.toml')
  const text = readFileSync(manifest, 'utf8')
  writeFileSync(manifest, text.replace(/^\[+tool\.uv[\s\S]*?(?=^\[(?!\[?tool\.uv)|(?![\s\S]))/gm, ''))
}
