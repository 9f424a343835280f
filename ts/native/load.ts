import { createRequire } from 'node:module'
import { fail } from '../errors/failure.ts'
import { addonMissing } from '../errors/system.ts'
import type { Addon } from './connect.ts'

/** Loads the addon of this platform, or the file that PYBUN_ADDON names. */
export async function loadAddon(env: Readonly<Record<string, string | undefined>>): Promise<Addon> {
  loaded ??= find(env)
  return loaded
}

let loaded: Addon | undefined

function find(env: Readonly<Record<string, string | undefined>>): Addon {
  const require = createRequire(import.meta.url)
  if (env.PYBUN_ADDON) return require(env.PYBUN_ADDON) as Addon
  const triples = candidates()
  const reasons: string[] = []
  for (const triple of triples) {
    try {
      return require(`@pybun/${triple}/pybun.node`) as Addon
    } catch (error) {
      reasons.push(String((error as Error).message.split('\n')[0]))
    }
  }
  return fail(addonMissing(triples[0] ?? process.platform, reasons[0] ?? 'unknown platform'))
}

/** The packages that may fit, likeliest first. Asking the C library costs more than a failed look-up. */
function candidates(): string[] {
  const base = `${process.platform}-${process.arch}`
  if (process.platform !== 'linux') return [process.platform === 'win32' ? `${base}-msvc` : base]
  return [`${base}-gnu`, `${base}-musl`]
}
