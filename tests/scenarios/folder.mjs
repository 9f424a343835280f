// Where the scenarios are: beside the checkout, or where PYBUN_SCENARIOS says. They are not part of this repository.
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export const SCENARIOS = process.env.PYBUN_SCENARIOS
  ? resolve(process.env.PYBUN_SCENARIOS)
  : join(ROOT, '..', 'shared', 'scenarios')

/** Why they cannot be run; `null` when they can. */
export function missing() {
  const needed = ['expected.json', 'uv_reference.json', 'packse_serve.py', 'scenarios']
  const absent = needed.filter((name) => !existsSync(join(SCENARIOS, name)))
  return absent.length === 0 ? null : `${SCENARIOS} has no ${absent.join(', ')}; name the folder in PYBUN_SCENARIOS`
}
