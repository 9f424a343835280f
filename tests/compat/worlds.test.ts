/**
 * PyBun's locks of thousands of random worlds: they say what uv said, and are right at every Python and platform.
 * `PYBUN_UPDATE_ANSWERS=4000` asks uv anew (PATH or PYBUN_TEST_UV) for so many worlds and records its answers.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sandbox } from '../cli/harness/sandbox.ts'
import { type Answer, record, recorded, type Solution } from './answers.ts'
import { each, fromUv, inProcess, pinsOf } from './ask.ts'
import { complaints } from './check-lock.ts'
import { randomWorld } from './world.ts'
import { serveWorlds, type WorldIndex } from './world-index.ts'

let index: WorldIndex
beforeAll(async () => {
  index = await serveWorlds()
})
afterAll(() => index?.close())

const wanted = Number(process.env.PYBUN_UPDATE_ANSWERS ?? 0)
if (wanted > 0) {
  test('record what uv answers', { timeout: 3_600_000 }, async () => {
    const box = sandbox(null, '')
    box.env.UV_PYTHON_DOWNLOADS = 'never'
    const seeds = Array.from({ length: wanted }, (_, at) => at + 1)
    const answers: Answer[] = []
    await each(seeds, 3, async (seed) => {
      const world = randomWorld(seed)
      answers.push({ world, solution: await fromUv(world, index.url(world), box) })
    })
    record(answers.sort((a, b) => a.world.seed - b.world.seed))
    box.remove()
  })
} else {
  const answers = recorded()

  test('the recorded answers are thousands, and of every kind', () => {
    const solved = answers.filter(({ solution }) => solution !== null)
    const split = solved.filter(({ solution }) => hasTwoVersions(solution))
    expect(solved.length).toBeGreaterThan(2000)
    expect(answers.length - solved.length).toBeGreaterThan(1000)
    expect(split.length).toBeGreaterThan(200)
  })

  test('as uv answered, and right at every point', { timeout: 1_200_000 }, async () => {
    const addon = inProcess()
    const wrong: string[] = []
    const otherVersions: number[] = []
    await each(answers, 4, async ({ world, solution }) => {
      const lock = await addon.lock(world, index.url(world))
      if (lock) wrong.push(...complaints(world, lock).map((text) => `seed ${world.seed}, ${text}`))
      if ((lock === null) !== (solution === null)) wrong.push(`seed ${world.seed}: uv says ${solution}`)
      else if (lock && solution && pinsOf(lock).join() !== solution.join()) otherVersions.push(world.seed)
    })
    addon.close()
    console.log(`other versions than uv's in ${otherVersions.length}: seeds ${otherVersions.sort((a, b) => a - b)}`)
    expect(wrong.slice(0, 20)).toEqual([])
    // Several sets of versions can be right; see docs/compatibility.md.
    expect(otherVersions.length).toBeLessThan(answers.length / 100)
  })
}

function hasTwoVersions(solution: Solution): boolean {
  const names = solution?.map((pin) => pin.split('==')[0]) ?? []
  return new Set(names).size < names.length
}
