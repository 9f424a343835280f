/** One world, three ways to have it resolved. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Failure } from '../../ts/errors/failure.ts'
import type { ResolveRequest } from '../../ts/model/native.ts'
import { connect } from '../../ts/native/connect.ts'
import { loadAddon } from '../../ts/native/load.ts'
import { PYBUN, python, type Sandbox } from '../cli/harness/sandbox.ts'
import type { Solution } from './answers.ts'
import type { Lock } from './check-lock.ts'
import { ask, must, uv } from './tools.ts'
import type { World } from './world.ts'

/** Ways to say that nothing fits; a resolution that is given up, or that fails otherwise, is none of them. */
export const UNSOLVABLE = new Set([
  'resolve/no-solution',
  'resolve/no-matching-version',
  'resolve/no-usable-file',
  'resolve/needs-python',
  'resolve/prereleases-only',
  'resolve/unknown-package',
  'resolve/yanked',
  'resolve/yanked-only',
])
const WORLDS_PER_CACHE = 200

/** Resolves in this process, through the addon and over HTTP. `null` when there is no solution. */
export function inProcess() {
  const native = connect(
    () => loadAddon(process.env),
    () => {},
  )
  let asked = 0
  const caches: string[] = []
  const drop = (path: string) => rmSync(path, { recursive: true, force: true, maxRetries: 3 })
  return {
    async lock(world: World, index_url: string): Promise<Lock | null> {
      // The files of thousands of worlds would fill the disk. What was begun before may still use the last cache.
      if (asked++ % WORLDS_PER_CACHE === 0) {
        for (const path of caches.splice(0, caches.length - 1)) drop(path)
        caches.push(mkdtempSync(join(tmpdir(), 'pybun-worlds-')))
      }
      const cache = caches.at(-1) ?? ''
      try {
        const { lock } = await native.resolve(resolveRequest(world, index_url, cache), null, () => {})
        return (await native.lockDecode(lock)) as unknown as Lock
      } catch (error) {
        if (error instanceof Failure && UNSOLVABLE.has(error.problems[0]?.code ?? '')) return null
        throw new Error(`seed ${world.seed}`, { cause: error })
      }
    },
    close: () => caches.forEach(drop),
  }
}

function resolveRequest(world: World, index_url: string, cache_dir: string): ResolveRequest {
  return {
    settings: {
      cache_dir,
      index_url,
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
      cwd: cache_dir,
    },
    roots: [{ requirements: world.requirements }],
    constraints: [],
    requires_python: `>=${world.python}`,
    python: python().executable,
    target: 'universal',
    resolution: 'highest',
    prereleases: 'if-necessary',
    upgrade: false,
    upgrade_packages: [],
  }
}

/** What `pybun lock` writes. */
export async function fromCommandLine(world: World, box: Sandbox): Promise<Lock | null> {
  const head = `[project]\nname = "world"\nversion = "1"\nrequires-python = ">=${world.python}"\n`
  writeFileSync(join(box.project, 'pyproject.toml'), `${head}dependencies = ${JSON.stringify(world.requirements)}\n`)
  const locked = await ask(box, [PYBUN, '--format=json', 'lock'])
  if (locked.exit === 1 && UNSOLVABLE.has(JSON.parse(locked.stdout).diagnostics[0]?.code)) return null
  if (locked.exit !== 0) throw new Error(`seed ${world.seed}: ${locked.stdout}${locked.stderr}`)
  return JSON.parse(await must(box, [PYBUN, 'lock', '--json']))
}

/** What `uv pip compile --universal` answers. */
export async function fromUv(world: World, index_url: string, box: Sandbox): Promise<Solution> {
  const input = join(box.project, `${world.seed}.in`)
  writeFileSync(input, `${world.requirements.join('\n')}\n`)
  const options = ['-q', '--universal', '--no-config', '--no-header', '--no-annotate', '--no-strip-extras']
  const where = ['--python', python().executable, '--python-version', world.python, '--default-index', index_url]
  const answer = await ask(box, uv('pip', 'compile', ...options, ...where, input))
  rmSync(input)
  if (answer.exit === 1 && /No solution found/.test(answer.stderr)) return null
  if (answer.exit !== 0) throw new Error(`seed ${world.seed}: ${answer.stdout}${answer.stderr}`)
  const pins = answer.stdout.split('\n').map((line) => (line.split(';')[0] ?? '').trim().replace(/\[.*?\]/, ''))
  return [...new Set(pins.filter(Boolean))].sort()
}

export function pinsOf(lock: Lock): string[] {
  return [...new Set(lock.packages.map(({ name, version }) => `${name}==${version}`))].sort()
}

/** Some at a time, so that neither the index nor the machine is flooded. */
export async function each<T>(items: T[], width: number, use: (item: T) => Promise<void>): Promise<void> {
  const queue = items[Symbol.iterator]()
  const worker = async () => {
    for (const item of queue) await use(item)
  }
  await Promise.all(Array.from({ length: width }, worker))
}
