/**
 * A property: whatever a clone holds, no command but `run` and `x` starts a program that came with it or that it names, and none
 * changes a file outside of the project, the data directory and the state. A failure names its seed: PYBUN_CLONE_SEED repeats it.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '../cli/harness/run.ts'
import { python, removeAll, type Sandbox, sandbox } from '../cli/harness/sandbox.ts'
import { inventedFiles } from '../index/index.mjs'
import { type Clone, makeClone, pick, randomFrom } from './clones.ts'
import { difference, surroundings } from './surroundings.ts'

const CLONES = Number(process.env.PYBUN_CLONES ?? 2000)
const ONLY = process.env.PYBUN_CLONE_SEED
const FIRST = Number(ONLY ?? process.env.PYBUN_CLONE_FIRST ?? 1)

/** Every command, as somebody types it who looks at a clone. */
const COMMANDS = [
  'lock',
  'lock --check',
  'lock --json',
  'lock --upgrade',
  '--offline lock',
  'install',
  'install --dry-run',
  'install --verify',
  'install --reinstall',
  'install -r requirements.txt',
  'install --dry-run -r requirements.txt',
  'install --target made',
  'uninstall alpha',
  'add alpha',
  'add --no-lock beta',
  'remove alpha',
  'upgrade',
  'outdated',
  'tree',
  'tree --universal',
  'why alpha',
  'export',
  'export --to pylock',
  'export --to cyclonedx',
  'export -o requirements.txt',
  'export --to pylock -o pylock.toml',
  'config',
  'cache size',
  'cache dir',
  'gc --dry-run',
  'gc',
  'init -y',
  'init -y --name other sub',
  'init -y --from uv.lock',
  'init -y --from requirements.txt',
  'init -y --from Pipfile',
  'schema',
  'completion bash',
  'help lock',
  '--version',
]

let box: Sandbox

beforeAll(() => {
  box = sandbox(null, 'http://127.0.0.1:1/simple/')
  const links = join(box.root, 'links')
  mkdirSync(links)
  const packages = { alpha: { '1.0': {} }, beta: { '1.0': {} } }
  for (const { filename, bytes } of inventedFiles(packages)) writeFileSync(join(links, filename), bytes)
  Object.assign(box.env, { PYBUN_FIND_LINKS: links, PYBUN_NO_INDEX: '1', PYBUN_HTTP_RETRIES: '0' })
})

afterAll(() => box.remove())

test(`${ONLY ? 1 : CLONES} clones`, { timeout: 3 * 60 * 60_000 }, async () => {
  const seeds = Array.from({ length: ONLY ? 1 : CLONES }, (_, at) => FIRST + at)
  const harm: string[] = []
  const work = async () => {
    for (let seed = seeds.shift(); seed !== undefined && harm.length < 10; seed = seeds.shift()) {
      harm.push(...(await harmOf(seed)))
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() + 1 }, work))
  expect(harm.join('\n'), 'harm that was done').toBe('')
})

async function harmOf(seed: number): Promise<string[]> {
  const random = randomFrom(seed)
  const root = join(box.root, 'clones', String(seed))
  const minor = python().version.split('.').slice(0, 2).join('.')
  const clone = makeClone(root, random, { minor, links: join(box.root, 'links') })
  // By turns, so that each is tried often; sometimes one after the other.
  const commands = [COMMANDS[seed % COMMANDS.length] ?? 'lock', ...(random() < 0.3 ? [pick(random, COMMANDS)] : [])]
  // The launcher and the engine, or the CLI alone.
  const env: Record<string, string> = random() < 0.5 ? {} : { PYBUN_NO_LAUNCHER: '1' }
  const harm: string[] = []
  for (const command of commands) {
    const before = around(clone)
    const step = { cwd: join('..', 'clones', String(seed), 'project'), args: command.split(' '), env, exit: 0 }
    const { exit, stdout, stderr } = await run(box, step)
    const told = (what: string) =>
      `seed ${seed}, \`pybun ${command}\` ${JSON.stringify(env)}: ${what}\n  ${clone.made.join('\n  ')}\n  ${stderr.slice(0, 400)}`
    if (existsSync(clone.ran)) harm.push(told(`ran ${readFileSync(clone.ran, 'utf8')}`))
    const changed = difference(before, around(clone))
    if (changed.length) harm.push(told(`changed ${changed.join(', ')}`))
    if (![0, 1, 2].includes(exit as number)) harm.push(told(`ended with ${exit}`))
    if (/PRIVATE-PART/.test(stdout + stderr)) harm.push(told('showed a file of the user'))
  }
  removeAll(root)
  return harm
}

/** What no command may change: the user's files beside the project, and the home without data directory and state. */
function around(clone: Clone): Map<string, string> {
  const beside = surroundings(clone.root, [clone.project, clone.ran])
  const home = surroundings(box.home, [join(box.home, '.cache'), box.state])
  return new Map([...beside, ...[...home].map(([path, what]): [string, string] => [`home/${path}`, what])])
}
