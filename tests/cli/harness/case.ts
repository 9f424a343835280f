import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Fault, IndexOptions } from '../../index/index.mjs'

export type Mode = 'text' | 'json'

/** One folder: `case.json`, `project/` (copied afresh for each mode), `index.json`, `expected/<mode>.txt`. */
export interface Case {
  name: string
  directory: string
  /** One sentence: what a reader should see in the expected output. */
  about: string
  modes: Mode[]
  steps: Step[]
  index: IndexOptions
}

/** One run of pybun, or with `program` of something else, after the changes that it names. */
export interface Step {
  args?: string[]
  program?: string[]
  exit: number
  cwd?: string
  env?: Record<string, string>
  stdin?: string
  /** The lines a person types into a terminal of 80 columns, each sent after its prompt's text appeared. */
  typed?: { prompt: string; answer: string }[]
  write?: Record<string, string>
  remove?: string[]
  /** From this step on: `down` is a closed port; faults are added to those that there are. */
  index?: 'down' | Fault[]
  place?: Place
  /** Files whose content is shown although they are long, binary or in a directory that is only summed up. */
  show?: string[]
  /** `false`: what looks like the interpreter's version in the output is something else. */
  python?: false
  /** `false`: `--format=json` is not added in JSON mode, and stdout is not an envelope. */
  envelope?: false
}

/** Where the project or the cache is put for a step (Linux mount namespaces; nothing of it outlives the step). */
export type Place = { kind: 'read-only'; path: string } | { kind: 'small-disk'; path: string; kibibytes: number }

/** Every case below `root`, in the order of their names. Those that need a `place` exist on Linux alone. */
export function loadCases(root: string, packages: IndexOptions): Case[] {
  const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const names = folders.map((entry) => entry.name).filter((name) => existsSync(join(root, name, 'case.json')))
  const cases = names.sort().map((name): Case => {
    const directory = join(root, name)
    const raw = JSON.parse(readFileSync(join(directory, 'case.json'), 'utf8'))
    const own = join(directory, 'index.json')
    const index = existsSync(own) ? JSON.parse(readFileSync(own, 'utf8')) : packages
    return { modes: ['text', 'json'], ...raw, name, directory, index: { ...index, ...raw.index } }
  })
  return cases.filter(({ steps }) => process.platform === 'linux' || !steps.some(({ place }) => place))
}
