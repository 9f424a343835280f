/** Scenarios as their folder describes them, and the rules by which an answer is judged. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { missing, SCENARIOS } from './folder.mjs'

export interface Scenario {
  name: string
  /** `compile` is asked of one interpreter or of all Pythons from it on, `lock` of a project. */
  kind: 'compile' | 'lock'
  mode: 'single' | 'universal'
  disabled_by_uv: boolean
  path: string
  python: string
  requires_python: string | null
  requires: string[]
  options: {
    prereleases?: boolean
    resolution?: 'highest' | 'lowest' | 'lowest-direct'
    python_platform?: string
    no_build?: string[]
    no_binary?: string[]
    required_environments?: string[]
  }
  expected: { satisfiable: boolean; packages: Record<string, string | string[]> }
}

/** Versions by name; `null` when there is no solution. */
export type Outcome = Record<string, string[]> | null

type Reference = Record<string, { satisfiable: boolean; packages: Record<string, string[]> }>

/** All but those that need workspaces or several steps, which uv itself makes no test of. */
export function scenarios(): Scenario[] {
  const why = missing()
  if (why) throw new Error(`the scenarios are missing: ${why}`)
  return read<Scenario[]>('expected.json').filter((scenario) => !scenario.disabled_by_uv)
}

export function textOf(scenario: Scenario): string {
  return readFileSync(join(SCENARIOS, 'scenarios', 'uv', scenario.path), 'utf8')
}

/** What is wrong with an answer, by the rules of the folder's own judge. */
export function judge(scenario: Scenario, outcome: Outcome): string | null {
  const { satisfiable, packages } = scenario.expected
  if ((outcome !== null) !== satisfiable) return satisfiable ? 'there is a solution' : 'there is no solution'
  if (outcome === null) return null
  for (const [name, versions] of Object.entries(packages)) {
    const absent = [versions].flat().filter((version) => !outcome[name]?.includes(version))
    if (absent.length > 0) return `${name} ${absent.join(', ')} is expected, and ${outcome[name]} was chosen`
  }
  reference ??= read<Reference>('uv_reference.json')
  const theirs = canonical(reference[scenario.name]?.packages ?? {})
  return canonical(outcome) === theirs ? null : `${canonical(outcome)} was chosen, and ${theirs} by uv`
}

let reference: Reference | undefined

function canonical(packages: Record<string, string[]>): string {
  const one = ([name, versions]: [string, string[]]) => `${name} ${[...versions].sort().join(' and ')}`
  return Object.entries(packages).map(one).sort().join(', ')
}

function read<T>(file: string): T {
  return JSON.parse(readFileSync(join(SCENARIOS, file), 'utf8')) as T
}
