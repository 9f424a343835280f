import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type LocalIndex, startIndex } from '../index/index.mjs'
import { makePlace, type Place } from './place.ts'
import { type Published, type Registry, startRegistry } from './registry.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const VERSION = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version as string
const GREETING = 'def main():\n    import sys\n    print("hello", *sys.argv[1:])\n'
const SCRIPT = '# /// script\n# dependencies = ["greet"]\n# ///\nimport greet\ngreet.main()\n'
const PROJECT = '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.9"\ndependencies = ["greet"]\n'

let packed: string
let tarballs: string[]
let packages: Published[]
let registry: Registry
let index: LocalIndex
let place: Place

beforeAll(async () => {
  packed = mkdtempSync(join(tmpdir(), 'pybun-packed-'))
  const out = execFileSync(process.execPath, [join(ROOT, 'scripts', 'pack.mjs'), packed], { encoding: 'utf8' })
  tarballs = out.trim().split('\n')
  packages = tarballs.map((tarball) => ({ manifest: manifestIn(tarball), tarball }))
  registry = await startRegistry([...packages, ...otherPlatforms()])
  index = await startIndex({
    packages: { greet: { '1.0': { scripts: { greet: 'greet:main' }, files: { 'greet.py': GREETING } } } },
  })
})

afterAll(async () => {
  await registry.close()
  await index.close()
  rmSync(packed, { recursive: true })
})

beforeEach(() => {
  place = makePlace(registry.url)
})

afterEach(() => {
  place.remove()
})

test('no package has scripts, and all have one version', () => {
  expect(packages.map(({ manifest }) => manifest.name)).toContain('pybun')
  expect(packages.length).toBeGreaterThan(1)
  for (const { manifest } of packages) {
    expect(manifest, manifest.name).not.toHaveProperty('scripts')
    expect(manifest.version, manifest.name).toBe(VERSION)
  }
  expect(Object.keys(main().optionalDependencies as object)).toHaveLength(8)
  expect(JSON.parse(readFileSync(join(ROOT, 'npm/pybun/package.json'), 'utf8'))).not.toHaveProperty(
    'optionalDependencies',
  )
})

describe.each(['tarballs', 'registry'] as const)('installed from %s', (source) => {
  test('settled operations start no Node, and removing leaves nothing', async () => {
    await install(source)
    expect(await starts(['--version'])).toEqual({ code: 0, stdout: `pybun ${VERSION}\n`, node: 1 })
    expect(await starts(['--version'])).toEqual({ code: 0, stdout: `pybun ${VERSION}\n`, node: 0 })

    expect(await starts(['x', 'greet', 'a b'])).toEqual({ code: 0, stdout: 'hello a b\n', node: 1 })
    expect(await starts(['x', 'greet', 'c'])).toEqual({ code: 0, stdout: 'hello c\n', node: 0 })

    writeFileSync(join(place.project, 'hi.py'), SCRIPT)
    expect(await starts(['run', 'hi.py', 'x'])).toEqual({ code: 0, stdout: 'hello x\n', node: 1 })
    expect(await starts(['run', 'hi.py', '--', 'y'])).toEqual({ code: 0, stdout: 'hello -- y\n', node: 0 })

    const removed = await place.npm('rm', '-g', ...packages.map(({ manifest }) => manifest.name))
    expect(removed, removed.stderr).toMatchObject({ code: 0 })
    expect(place.files()).toEqual([])
  })
})

test('a plain project locks, installs and runs without Node', async () => {
  await install('registry')
  await place.pybun(['--version'])
  writeFileSync(join(place.project, 'pyproject.toml'), PROJECT)
  writeFileSync(join(place.project, 'app.py'), 'import greet\ngreet.main()\n')

  expect(await starts(['install', '--quiet'])).toEqual({ code: 0, stdout: '', node: 0 })
  const settled = await starts(['install', '--format=json'])
  const cli = await place.pybun(['install', '--format=json'], { PYBUN_NO_LAUNCHER: '1', ...indexOnly() })
  expect(settled).toMatchObject({ code: 0, node: 0 })
  expect(timeless(settled.stdout)).toEqual(timeless(cli.stdout))
  expect(await starts(['install'])).toMatchObject({ code: 0, node: 0 })
  expect(await starts(['run', 'app.py', '1'])).toEqual({ code: 0, stdout: 'hello 1\n', node: 0 })
  expect(await starts(['run', 'greet', '2'])).toEqual({ code: 0, stdout: 'hello 2\n', node: 0 })
  expect(await starts(['run', '-c', 'import greet; print(1)'])).toEqual({ code: 0, stdout: '1\n', node: 0 })

  writeFileSync(join(place.project, 'pyproject.toml'), PROJECT.replace('["greet"]', '[]'))
  expect(await starts(['lock', '--quiet'])).toMatchObject({ code: 0, node: 0 })
  expect(await starts(['install', '--quiet'])).toMatchObject({ code: 0, node: 0 })
  const gone = await place.pybun(['run', '-c', 'import greet'], indexOnly())
  expect(gone).toMatchObject({ code: 1, stderr: expect.stringContaining('ModuleNotFoundError') })
})

test('without Node too, the data directory is collected once a day, by a process of its own', async () => {
  await install('registry')
  await place.pybun(['--version'])
  writeFileSync(join(place.project, 'pyproject.toml'), PROJECT)
  expect(await starts(['install', '--quiet'])).toMatchObject({ code: 0, node: 0 })
  const collected = join(place.data, 'packages', 'v4', 'collected')
  const again = async () => {
    rmSync(join(place.project, '.pybun', 'venv'), { recursive: true })
    return starts(['install', '--quiet'])
  }
  expect(await again()).toMatchObject({ code: 0, node: 0 })
  const before = place.nodeStarts()
  const yesterday = new Date(Date.now() - 2 * 24 * 3600 * 1000)
  utimesSync(collected, yesterday, yesterday)
  expect(await again()).toMatchObject({ code: 0 })
  await expect.poll(() => place.nodeStarts() - before, { timeout: 10_000 }).toBe(1)
  expect(statSync(collected).mtimeMs).toBeGreaterThan(Date.now() - 60_000)
})

test('PYBUN_KEEP_BIN keeps the command as npm made it', async () => {
  await install('registry')
  for (const _ of [1, 2]) {
    const before = place.nodeStarts()
    expect(await place.pybun(['--version'], { PYBUN_KEEP_BIN: '1' })).toMatchObject({ code: 0 })
    expect(place.nodeStarts() - before).toBe(1)
  }
  expect(readlinkSync(place.command)).toMatch(/pybun\.js$/)
})

test('eight first calls at once all work', async () => {
  await install('registry')
  const all = await Promise.all(Array.from({ length: 8 }, () => place.pybun(['--version'])))
  for (const result of all) expect(result).toEqual({ code: 0, stdout: `pybun ${VERSION}\n`, stderr: '' })
  expect(realpathSync(place.command)).toMatch(/fast\.cjs$/)
  expect(place.files().filter((file) => /pybun\.\d+$/.test(file))).toEqual([])
})

test('only the package of this machine is downloaded', async () => {
  registry.downloads.length = 0
  await install('registry')
  expect(registry.downloads.sort()).toEqual(packages.map(({ manifest }) => `files/${manifest.name}.tgz`).sort())
})

test('without Node a settled command works, and any other says what is missing', async () => {
  await install('registry')
  await place.pybun(['--version'])
  const nothing = join(place.prefix, 'nothing')
  mkdirSync(nothing)
  expect(await place.pybun(['--version'], { PATH: nothing })).toMatchObject({ code: 0 })
  const answer = await place.pybun(['lock', '--format=json'], { PATH: nothing })
  expect(answer.code).toBe(1)
  expect(JSON.parse(answer.stdout)).toMatchObject({
    command: 'lock',
    status: 'error',
    exit_code: 1,
    diagnostics: [{ code: 'launcher/no-node', error_type: 'launcher' }],
  })
})

async function install(source: 'tarballs' | 'registry') {
  const what = source === 'tarballs' ? tarballs : ['pybun']
  const installed = await place.npm('install', '-g', ...what)
  expect(installed, installed.stderr).toMatchObject({ code: 0 })
}

/** Runs pybun and counts how often it started Node. */
async function starts(args: string[]) {
  const before = place.nodeStarts()
  const { code, stdout, stderr } = await place.pybun(args, indexOnly())
  if (code !== 0) console.error(stderr)
  return { code, stdout, node: place.nodeStarts() - before }
}

function indexOnly() {
  return { PYBUN_INDEX_URL: index.url }
}

function timeless(envelope: string) {
  return { ...JSON.parse(envelope), duration_ms: 0 }
}

function main() {
  const found = packages.find(({ manifest }) => manifest.name === 'pybun')
  if (!found) throw new Error('the main package was not packed')
  return found.manifest
}

function manifestIn(tarball: string): Published['manifest'] {
  return JSON.parse(execFileSync('tar', ['-xzOf', tarball, 'package/package.json'], { encoding: 'utf8' }))
}

/** Pages of the platforms that are not built here, as the real registry has them. */
function otherPlatforms(): Published[] {
  const script = join(ROOT, 'scripts', 'platforms.mjs')
  const directories = execFileSync(process.execPath, [script], { encoding: 'utf8' }).trim().split('\n')
  const manifests = directories.map((directory) => JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')))
  const known = new Set(packages.map(({ manifest }) => manifest.name))
  return manifests.filter(({ name }) => !known.has(name)).map((manifest) => ({ manifest, tarball: null }))
}
