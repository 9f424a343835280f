import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PYBUN, sandbox } from '../cli/harness/sandbox.ts'
import { startIndex } from '../index/index.mjs'
import { ask, must, uv } from './tools.ts'
import type { World } from './world.ts'

/** `name==version`, sorted; `null` when there is no solution. */
export type Solution = string[] | null

/** The Python that worlds are resolved for: everything from it on. */
export const TARGET = '3.9'

/** Three ways to say that nothing fits. */
const UNSOLVABLE = new Set(['resolve/no-solution', 'resolve/no-matching-version', 'resolve/unknown-package'])

/** What PyBun puts into its lock. */
export async function askPyBun(world: World): Promise<Solution> {
  return inWorld(world, async (box) => {
    writeFileSync(join(box.project, 'pyproject.toml'), manifest(world))
    const locked = await ask(box, [PYBUN, '--format=json', 'lock'])
    const envelope = JSON.parse(locked.stdout)
    if (locked.exit === 1 && UNSOLVABLE.has(envelope.diagnostics[0]?.code)) return null
    if (locked.exit !== 0) throw new Error(`seed ${world.seed}: ${locked.stdout}${locked.stderr}`)
    const lock = JSON.parse(await must(box, [PYBUN, 'lock', '--json']))
    const pins = lock.packages.map(({ name, version }: { name: string; version: string }) => `${name}==${version}`)
    return [...new Set<string>(pins)].sort()
  })
}

/** What `uv pip compile --universal` answers. */
export async function askUv(world: World): Promise<Solution> {
  return inWorld(world, async (box, url) => {
    writeFileSync(join(box.project, 'requirements.in'), `${world.requirements.join('\n')}\n`)
    box.env.UV_PYTHON_DOWNLOADS = 'never'
    const options = ['--universal', '--no-header', '--no-annotate', '--python-version', TARGET, '--default-index', url]
    const answer = await ask(box, uv('pip', 'compile', '-q', ...options, 'requirements.in'))
    if (answer.exit === 1 && /No solution found/.test(answer.stderr)) return null
    if (answer.exit !== 0) throw new Error(`seed ${world.seed}: ${answer.stdout}${answer.stderr}`)
    const pins = answer.stdout.split('\n').map(
      (line) =>
        line
          .split(';')[0]
          ?.trim()
          .replace(/\[.*?\]/, '') ?? '',
    )
    return [...new Set(pins.filter(Boolean))].sort()
  })
}

/** Changes whenever a world with the same seed has become another one. */
export function fingerprint(world: World): string {
  return createHash('sha256').update(JSON.stringify(world)).digest('hex').slice(0, 12)
}

async function inWorld<T>(world: World, use: (box: ReturnType<typeof sandbox>, url: string) => Promise<T>): Promise<T> {
  const index = await startIndex({ packages: world.packages })
  const box = sandbox(null, index.url)
  try {
    return await use(box, index.url)
  } finally {
    await index.close()
    box.remove()
  }
}

function manifest({ requirements }: World): string {
  const head = `[project]\nname = "world"\nversion = "1"\nrequires-python = ">=${TARGET}"\n`
  return `${head}dependencies = ${JSON.stringify(requirements)}\n`
}
