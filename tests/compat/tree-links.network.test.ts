/**
 * Real packages with tree links and with hard links: what programs see of them is the same, but for what
 * docs/design/link-modes.md names; and what other tools remove takes nothing of the store along.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PYBUN, python, removeAll } from '../cli/harness/sandbox.ts'

/** Data files, C extensions, old and new namespaces, plugins, templates, very many files. */
const PACKAGES =
  'numpy pandas matplotlib scipy django flask requests cffi cryptography pillow lxml pyyaml pydantic sqlalchemy pytest ' +
  'pytest-cov pytest-mock pytest-asyncio hypothesis google-cloud-storage google-api-core azure-storage-blob azure-identity ' +
  'zope.interface zope.event zope.component boto3 jupyterlab ipykernel sphinx babel certifi tzdata setuptools six protobuf grpcio ' +
  'nltk jsonschema celery black mypy rich attrs backports.tarfile opentelemetry-sdk opentelemetry-exporter-otlp-proto-http ' +
  'sphinxcontrib-jsmath pip'
const WALKED = [
  'django',
  'google',
  'zope',
  'azure',
  'jinja2',
  'sqlalchemy',
  'pydantic',
  'celery',
  'flask',
  'sphinx',
  'opentelemetry',
]
const HERE = dirname(fileURLToPath(import.meta.url))
const MINUTES = 60_000

let root = ''
let hard = ''
let tree = ''

beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'pybun-tree-links-')))
  hard = install('hard', 'hardlink')
  tree = install('tree', 'tree')
}, 15 * MINUTES)

afterAll(() => removeAll(root), 10 * MINUTES)

test(
  'a program sees the same packages, files, resources, modules and entry points',
  () => {
    const [a, b] = [hard, tree].map((project) =>
      JSON.parse(said(project, ['-W', 'ignore', script('probe'), ...WALKED])),
    )
    const imported = Object.entries(a).filter(
      ([name, found]) => name.startsWith('import ') && !/Error/.test(String(found)),
    )
    expect(imported.length).toBeGreaterThan(150)
    expect(b).toEqual(a)
  },
  10 * MINUTES,
)

test(
  'pytest, Django and pip do the same; what resolves links or does not follow them sees the store',
  () => {
    const [a = new Map(), b = new Map()] = [hard, tree].map((project) => lines(pytest(project, [])))
    const differing = [...a.keys()].filter((name) => a.get(name) !== b.get(name))
    expect(differing.sort()).toEqual(['resolved', 'walk'])
    expect([a.get('resolved'), b.get('resolved')]).toEqual(['True True', 'False True'])
    const [all = 0, real = 0] = [a, b].map((found) => Number(found.get('walk')?.split(' ')[0]))
    expect(real).toBeLessThan(all / 20)
    for (const args of [['list'], ['check'], ['show', 'flask', 'numpy', 'google-cloud-storage']]) {
      expect(said(tree, ['-m', 'pip', ...args])).toBe(said(hard, ['-m', 'pip', ...args]))
    }
  },
  10 * MINUTES,
)

test(
  'coverage measures the store, unless it is told what to measure',
  () => {
    const measured = (project: string, options: string[]) =>
      pytest(project, ['-k', 'plugins', ...options]).match(/^\S+\.py .*%/gm)?.length
    expect(measured(hard, ['--cov'])).toBe(1)
    expect(measured(tree, ['--cov'])).toBeGreaterThan(1)
    expect(measured(tree, ['--cov=tree_links_suite'])).toBe(1)
    writeFileSync(join(tree, 'omit.ini'), '[run]\nomit = */site-packages/*\n')
    expect(measured(tree, ['--cov', '--cov-config=omit.ini'])).toBe(1)
  },
  10 * MINUTES,
)

test(
  'what pip removes and replaces takes nothing of the store along',
  () => {
    const store = join(root, 'home', 'packages', 'v4', 'trees')
    const before = filesBelow(store)
    expect(before.length).toBeGreaterThan(10_000)
    said(tree, ['-m', 'pip', 'uninstall', '--yes', 'flask', 'google-cloud-storage', 'numpy'])
    said(tree, ['-m', 'pip', 'install', '--quiet', '--no-deps', 'rich<14'])
    const library = readdirSync(sitePackages(tree))
    expect(library.filter((name) => /^(flask|numpy)/i.test(name))).toEqual([])
    expect(filesBelow(store)).toEqual(before)
    pybun(tree, ['cache', 'verify'])
    pybun(tree, ['install', '--offline', '--link-mode', 'tree'])
    expect(lines(pytest(tree, [])).get('resolved')).toBe('False True')
  },
  10 * MINUTES,
)

function install(name: string, mode: string): string {
  const project = join(root, name)
  mkdirSync(project)
  const list = JSON.stringify(PACKAGES.split(' '))
  const requires = `>=${python().version}`
  const head = `[project]\nname = "linked"\nversion = "0"\nrequires-python = "${requires}"\ndependencies = ${list}\n`
  writeFileSync(join(project, 'pyproject.toml'), head)
  if (name !== 'hard') copyFileSync(join(hard, 'pybun.lockb'), join(project, 'pybun.lockb'))
  copyFileSync(script('suite'), join(project, 'tree_links_suite.py'))
  pybun(project, ['install', '--link-mode', mode])
  return project
}

function pybun(project: string, args: string[]): string {
  const env = {
    ...process.env,
    PYBUN_HOME: join(root, 'home'),
    PYBUN_PYTHON: python().executable,
    PYBUN_COMPILE_BYTECODE: 'never',
  }
  return execFileSync(PYBUN, args, { cwd: project, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** What the environment's Python prints; paths of both projects look alike. */
function said(project: string, args: string[]): string {
  const env = { ...process.env, PIP_DISABLE_PIP_VERSION_CHECK: '1', PYTHONHASHSEED: '0' }
  const options = { cwd: project, env, encoding: 'utf8', maxBuffer: 1 << 28 } as const
  const ran = spawnSync(join(project, '.pybun', 'venv', 'bin', 'python'), args, options)
  expect(ran.status, ran.stderr).toBe(0)
  return ran.stdout.replaceAll(project, '[PROJECT]')
}

function pytest(project: string, options: string[]): string {
  return said(project, ['-W', 'ignore', '-m', 'pytest', '-q', '-s', 'tree_links_suite.py', ...options])
}

/** `name value` of each line. */
function lines(text: string): Map<string, string> {
  const pairs = [...text.matchAll(/^\.?(plugins|rewritten|template|static|translated|walk|followed|resolved) (.*)$/gm)]
  expect(pairs.length).toBe(8)
  return new Map(pairs.map(([, name = '', value = '']) => [name, value]))
}

function filesBelow(directory: string): string[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return files.filter((path) => !path.endsWith('.pyc')).sort()
}

function sitePackages(project: string): string {
  const lib = join(project, '.pybun', 'venv', 'lib')
  return join(lib, readdirSync(lib).find((name) => name.startsWith('python')) ?? '', 'site-packages')
}

function script(name: 'probe' | 'suite'): string {
  return join(HERE, `tree_links_${name}.py`)
}
