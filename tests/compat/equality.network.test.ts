/**
 * Environments made by PyBun and by pip from the same releases, file by file: names, kinds, modes, content and RECORD; and what
 * some commands in them say. The releases are in unusual.ts, what differs on purpose in docs/compatibility.md.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { PYBUN, python } from '../cli/harness/sandbox.ts'
import { parseRecord, type Tree, treeOf } from './tree.ts'
import { UNUSUAL } from './unusual.ts'

const SECONDS_OF_A_COMMAND = 60
/** Deleting sixty thousand files can take minutes. */
const LIMIT_MS = 30 * 60_000

test.each(Object.entries(UNUSUAL))('%s', { timeout: LIMIT_MS }, (_, group) => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'pybun-equality-')))
  try {
    const releases = group.map(({ release }) => release)
    // At paths of one length in one place, so that first lines of scripts are alike but for it.
    const theirs = withPip(join(root, 'pipxx'), releases)
    const ours = withPyBun(join(root, 'pybun'), releases, theirs)
    const [a, b] = [treeOf(ours), treeOf(theirs)]
    expect(b.size).toBeGreaterThan(releases.length * 5)
    const different = [...new Set([...a.keys(), ...b.keys()])].filter((path) => !isEqual(path, a, b, [ours, theirs]))
    expect(different.sort()).toEqual([])
    for (const { run } of group) if (run) expect(said(ours, run, root)).toEqual(said(theirs, run, root))
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
})

function withPip(project: string, releases: string[]): string {
  const environment = join(project, '.pybun', 'venv')
  const { executable } = python()
  mkdirSync(project)
  writeFileSync(join(project, 'requirements.txt'), releases.join('\n'))
  execFileSync(executable, ['-m', 'venv', '--without-pip', environment])
  const options = ['--quiet', '--disable-pip-version-check', '--no-compile', '--no-deps', '--use-pep517']
  const args = ['-m', 'pip', '--python', join(environment, 'bin', 'python'), 'install', ...options]
  execFileSync(executable, [...args, '-r', 'requirements.txt'], { cwd: project, stdio: ['ignore', 'ignore', 'pipe'] })
  return environment
}

/** PyBun installs what packages need: that is left out by name, and what they need of each other is overridden. */
function withPyBun(project: string, releases: string[], theirs: string): string {
  mkdirSync(project)
  const own = new Set(releases.map((release) => normalized(release.split('==')[0] ?? '')))
  const excludes = needed(theirs).filter((name) => !own.has(name))
  const head = '[project]\nname = "compared"\nversion = "0"\nrequires-python = ">=3.11"\n'
  const list = JSON.stringify(releases)
  const settings = `[tool.pybun]\noverrides = ${list}\nexcludes = ${JSON.stringify(excludes)}\n`
  writeFileSync(join(project, 'pyproject.toml'), `${head}dependencies = ${list}\n${settings}`)
  const env = {
    ...process.env,
    PYBUN_HOME: join(project, 'home'),
    PYBUN_PYTHON: python().executable,
    PYBUN_COMPILE_BYTECODE: 'never',
  }
  execFileSync(PYBUN, ['install'], { cwd: project, env, stdio: ['ignore', 'ignore', 'pipe'] })
  return join(project, '.pybun', 'venv')
}

function needed(environment: string): string[] {
  const library = sitePackages(environment)
  const infos = readdirSync(library).filter((name) => name.endsWith('.dist-info'))
  const lines = infos.flatMap((info) => [
    ...readFileSync(join(library, info, 'METADATA'), 'utf8').matchAll(/^Requires-Dist: *([\w.-]+)/gm),
  ])
  return [...new Set(lines.map(([, name = '']) => normalized(name)))].sort()
}

function sitePackages(environment: string): string {
  const lib = join(environment, 'lib')
  return join(lib, readdirSync(lib).find((name) => name.startsWith('python')) ?? '', 'site-packages')
}

function normalized(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, '-')
}

function isEqual(path: string, a: Tree, b: Tree, [ours, theirs]: [string, string]): boolean {
  const [mine, other] = [a.get(path), b.get(path)]
  const info = /^lib\/python[\d.]+\/site-packages\/[^/]+\.dist-info\/([^/]+)$/.exec(path)?.[1]
  // Names the wheel, and is in no other installer's environment.
  if (info === '.pybun-wheel') return mine?.kind === 'file' && other === undefined
  if (!mine || !other || mine.kind !== other.kind || mine.mode !== other.mode) return false
  if (info === 'INSTALLER') return mine.content === 'pybun\n' && other.content === 'pip\n'
  const there = other.content.replaceAll(theirs, ours)
  if (info === 'RECORD') return sameRecord(mine.content, there)
  return mine.content === there || (path.startsWith('bin/') && calls(mine.content) === calls(there))
}

/**
 * The same files with the same digests. Of INSTALLER and of commands the contents differ, so their digests do; pip copies the
 * lines of the wheel as they are, with digests by other algorithms and with files that are not there.
 */
function sameRecord(mine: string, other: string): boolean {
  const [a, b] = [parseRecord(mine), parseRecord(other)]
  const isOurs = (path: string) => path.endsWith('.dist-info/.pybun-wheel')
  const isFree = (path: string) => path.endsWith('.dist-info/INSTALLER') || /^(\.\.\/)+bin\//.test(path)
  const same = (path: string) =>
    isOurs(path) || (isFree(path) ? a.has(path) && b.has(path) : a.get(path) === b.get(path))
  return [...new Set([...a.keys(), ...b.keys()])].every(same)
}

/** What a command calls: its interpreter and its function. The rest of the text is each installer's own. */
function calls(text: string): string | null {
  const from = /^from (\S+) import (\S+)$/m.exec(text)
  const call = /^ +sys\.exit\((\S+)\(\)\)$/m.exec(text)
  return from && call ? [text.split('\n')[0], from[1], from[2], call[1]].join(' ') : null
}

function said(environment: string, [command = '', ...args]: string[], root: string) {
  const env = { PATH: '/usr/bin:/bin', HOME: root, LANG: 'C.UTF-8' }
  const limits = { timeout: SECONDS_OF_A_COMMAND * 1000, encoding: 'utf8' as const, input: '' }
  const { status, stdout, stderr } = spawnSync(join(environment, 'bin', command), args, { cwd: root, env, ...limits })
  const here = (text: string) => text.replaceAll(environment, 'ENVIRONMENT')
  return { command, status, stdout: here(stdout), stderr: here(stderr) }
}
