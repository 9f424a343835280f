/** What uv answers to random worlds, recorded so that the comparison needs no uv. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fingerprint, randomWorld, type World } from './world.ts'

/** `name==version`, sorted; `null` when there is no solution. */
export type Solution = string[] | null

export interface Answer {
  world: World
  solution: Solution
}

const FILE = new URL('answers.txt', import.meta.url)
const HEAD = `# What uv answers to the worlds of world.ts, one line a seed from 1 on: a fingerprint of the world, and either "-" (no
# solution) or each chosen version as the letter of its project and the place of the version among the project's.
`

/** Recorded answers by seed. Fails when a world is no longer what it was when uv was asked. */
export function recorded(): Answer[] {
  const lines = readFileSync(FILE, 'utf8')
    .split('\n')
    .filter((line) => line && !line.startsWith('#'))
  return lines.map((line, at) => {
    const [print = '', short = ''] = line.split(' ')
    const world = randomWorld(at + 1)
    if (fingerprint(world) !== print) throw new Error(`world ${at + 1} has changed: record the answers anew`)
    return { world, solution: short === '-' ? null : long(world, short) }
  })
}

export function record(answers: Answer[]): void {
  const lines = answers.map(
    ({ world, solution }) => `${fingerprint(world)} ${solution ? brief(world, solution) : '-'}\n`,
  )
  writeFileSync(FILE, HEAD + lines.join(''))
}

function brief(world: World, solution: string[]): string {
  const one = (pin: string) => {
    const [name = '', version = ''] = pin.split('==')
    const place = Object.keys(world.packages[name] ?? {}).indexOf(version)
    if (place < 0) throw new Error(`seed ${world.seed}: ${pin} is not of this world`)
    return `${name.slice('pkg-'.length)}${place}`
  }
  return solution.map(one).join('')
}

function long(world: World, short: string): string[] {
  const pins = [...short.matchAll(/([a-z])(\d)/g)].map(([, letter, place]) => {
    const name = `pkg-${letter}`
    return `${name}==${Object.keys(world.packages[name] ?? {})[Number(place)]}`
  })
  return pins.sort()
}
