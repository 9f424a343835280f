/** Resolver scenarios of uv and packse, from the folder of folder.mjs, through the addon and partly the command line. */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Failure } from '../../ts/errors/failure.ts'
import type { ResolveRequest } from '../../ts/model/native.ts'
import { connect } from '../../ts/native/connect.ts'
import { loadAddon } from '../../ts/native/load.ts'
import { PYBUN, sandbox } from '../cli/harness/sandbox.ts'
import { UNSOLVABLE } from '../compat/ask.ts'
import { complaints, type Lock } from '../compat/check-lock.ts'
import { ask, must } from '../compat/tools.ts'
import type { World, WorldRelease } from '../compat/world.ts'
import { standIn } from './interpreter.ts'
import { MISSES } from './misses.ts'
import { judge, type Outcome, type Scenario, scenarios, textOf } from './scenario.ts'
import { type Server, startServer } from './server.ts'

/** Through the command line too: one of each kind of project, and each of another family. */
const TYPED = [
  'fork-basic',
  'fork-marker-disjoint',
  'fork-requires-python',
  'fork-incomplete-markers',
  'preferences-dependent-forking',
  'wrong-backtracking-basic',
]

const all = scenarios()
const native = connect(
  () => loadAddon(process.env),
  () => {},
)
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'pybun-scenarios-')))
const stood = new Map<string, string>()
let server: Server

beforeAll(async () => {
  server = await startServer(native, join(folder, 'cache'))
})
afterAll(() => {
  server?.close()
  rmSync(folder, { recursive: true, force: true })
})

test('there are as many as the folder says, and few misses', () => {
  expect(all).toHaveLength(185)
  expect(Object.keys(MISSES).length).toBeLessThanOrEqual(1)
  expect(all.filter(({ name }) => MISSES[name])).toHaveLength(Object.keys(MISSES).length)
})

describe.concurrent('through the addon', () => {
  test.each(all)('$path', async (scenario) => {
    const lock = await resolved(scenario)
    const wrong = judge(scenario, outcomeOf(lock))
    if (MISSES[scenario.name]) expect(wrong, 'no longer a miss').not.toBeNull()
    else expect(wrong).toBeNull()
    if (lock && scenario.mode === 'universal') expect(complaints(await worldOf(scenario), lock)).toEqual([])
  })
})

describe('through the command line', () => {
  const typed = all.filter(({ name }) => TYPED.includes(name))
  test('all that are meant', () => expect(typed).toHaveLength(TYPED.length))

  test.each(typed)('$path', async (scenario) => {
    const box = sandbox(null, server.url(scenario.name))
    const head = `[project]\nname = "project"\nversion = "0.1.0"\nrequires-python = "${scenario.requires_python}"\n`
    const manifest = `${head}dependencies = ${JSON.stringify(scenario.requires)}\n`
    writeFileSync(join(box.project, 'pyproject.toml'), manifest)
    const asked = [PYBUN, '--format=json', '--python', interpreter(scenario), 'lock']
    const locked = await ask(box, asked)
    const code = JSON.parse(locked.stdout).diagnostics[0]?.code
    if (locked.exit !== 0 && !UNSOLVABLE.has(code)) throw new Error(locked.stdout + locked.stderr)
    const lock = locked.exit === 0 ? (JSON.parse(await must(box, [PYBUN, 'lock', '--json'])) as Lock) : null
    expect(judge(scenario, outcomeOf(lock))).toBeNull()
    box.remove()
  })
})

async function resolved(scenario: Scenario): Promise<Lock | null> {
  try {
    const { lock } = await native.resolve(requestOf(scenario), null, () => {})
    return (await native.lockDecode(lock)) as unknown as Lock
  } catch (error) {
    if (error instanceof Failure && UNSOLVABLE.has(error.problems[0]?.code ?? '')) return null
    throw error
  }
}

function requestOf(scenario: Scenario): ResolveRequest {
  const { options, requires, name } = scenario
  return {
    settings: {
      cache_dir: join(folder, 'cache'),
      index_url: server.url(name),
      extra_index_urls: [],
      indexes: [],
      index_of: {},
      find_links: [],
      no_index: false,
      keyring: false,
      user_urls: [],
      project_chose_index: false,
      offline: false,
      refresh: false,
      cwd: folder,
    },
    roots: [{ requirements: requires }],
    constraints: [],
    requires_python: pythons(scenario),
    python: interpreter(scenario),
    target: scenario.mode === 'single' ? 'machine' : 'universal',
    resolution: options.resolution ?? 'highest',
    prereleases: options.prereleases ? 'allow' : 'if-necessary',
    upgrade: false,
    upgrade_packages: [],
    no_binary: options.no_binary ?? [],
    only_binary: options.no_build ?? [],
    required_environments: options.required_environments ?? [],
  }
}

/** As the judge asks uv: a compilation is for its interpreter and what follows, a lock for what the project says. */
function pythons({ kind, mode, python, requires_python }: Scenario): string | null {
  if (mode === 'single') return null
  return kind === 'compile' ? `>=${python}` : requires_python
}

function interpreter({ python, options }: Scenario): string {
  const glibc = options.python_platform === 'x86_64-manylinux2014' ? '2.17' : '2.36'
  const key = `${python} ${glibc}`
  const path = stood.get(key) ?? standIn(folder, python, glibc)
  stood.set(key, path)
  return path
}

function outcomeOf(lock: Lock | null): Outcome {
  if (lock === null) return null
  const outcome: Record<string, string[]> = {}
  for (const { name, version } of lock.packages) outcome[name] = [...(outcome[name] ?? []), version]
  return outcome
}

/** A scenario as the checker of locks takes it. */
async function worldOf(scenario: Scenario): Promise<World> {
  const path = join('scenarios', scenario.path)
  const { value } = await native.tomlParse({ text: textOf(scenario), path })
  const packages = value.packages as Record<string, { versions: Record<string, Partial<WorldRelease>> }>
  const releases = Object.entries(packages).map(([name, { versions }]) => {
    const entries = Object.entries(versions).map(([version, release]) => {
      const { requires = [], extras = {}, requires_python = '>=3.12' } = release
      return [version, { requires, extras, requires_python }]
    })
    return [name, Object.fromEntries(entries)]
  })
  const python = (pythons(scenario) ?? '').replace(/^>=/, '')
  return { seed: 0, python, packages: Object.fromEntries(releases), requirements: scenario.requires }
}
