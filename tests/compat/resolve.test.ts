/**
 * PyBun's lock against uv's answer, in small invented worlds. uv's answers are recorded, so that this needs no uv:
 * `PYBUN_UPDATE_ANSWERS=1` asks it anew (PATH or PYBUN_TEST_UV). `PYBUN_SEEDS=1000-1200` asks uv live for other worlds.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { askPyBun, askUv, fingerprint, type Solution } from './resolve.ts'
import { randomWorld } from './world.ts'

const FILE = new URL('answers.json', import.meta.url)
const RECORDED = Array.from({ length: 80 }, (_, seed) => seed + 1)

interface Answer {
  seed: number
  world: string
  solution: Solution
}

if (process.env.PYBUN_UPDATE_ANSWERS) {
  test('record what uv answers', async () => {
    const answers: Answer[] = []
    for (const seed of RECORDED) {
      const world = randomWorld(seed)
      answers.push({ seed, world: fingerprint(world), solution: await askUv(world) })
    }
    writeFileSync(FILE, `[\n${answers.map((answer) => `  ${JSON.stringify(answer)}`).join(',\n')}\n]\n`)
  })
} else if (process.env.PYBUN_SEEDS) {
  const [from = 0, to = from] = process.env.PYBUN_SEEDS.split('-').map(Number)
  const seeds = Array.from({ length: to - from + 1 }, (_, at) => from + at)
  describe.concurrent('as uv answers now', () => {
    test.each(seeds)('seed %i', async (seed) => {
      const world = randomWorld(seed)
      expect(await askPyBun(world), JSON.stringify(world.requirements)).toEqual(await askUv(world))
    })
  })
} else {
  const answers: Answer[] = JSON.parse(readFileSync(FILE, 'utf8'))
  test('the recorded answers are many and of both kinds', () => {
    expect(answers.map(({ seed }) => seed)).toEqual(RECORDED)
    const unsolvable = answers.filter(({ solution }) => solution === null).length
    expect(unsolvable).toBeGreaterThan(5)
    expect(answers.length - unsolvable).toBeGreaterThan(30)
  })
  describe.concurrent('as uv answered', () => {
    test.each(answers)('seed $seed', async ({ seed, world: recorded, solution }) => {
      const world = randomWorld(seed)
      expect(fingerprint(world), 'worlds have changed: record the answers anew').toBe(recorded)
      expect(await askPyBun(world), JSON.stringify(world.requirements)).toEqual(solution)
    })
  })
}
