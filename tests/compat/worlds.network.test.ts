/**
 * Random worlds that nobody has seen, with uv asked at once: `PYBUN_SEEDS=200001-203000` names others. It needs no network,
 * but uv (PATH or PYBUN_TEST_UV) and time.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sandbox } from '../cli/harness/sandbox.ts'
import { each, fromUv, inProcess, pinsOf } from './ask.ts'
import { complaints } from './check-lock.ts'
import { randomWorld } from './world.ts'
import { serveWorlds, type WorldIndex } from './world-index.ts'

let index: WorldIndex
beforeAll(async () => {
  index = await serveWorlds()
})
afterAll(() => index?.close())

test('as uv answers now, and right at every point', { timeout: 7_200_000 }, async () => {
  const [from = 0, to = from] = (process.env.PYBUN_SEEDS ?? '100001-101000').split('-').map(Number)
  const seeds = Array.from({ length: to - from + 1 }, (_, at) => from + at)
  const box = sandbox(null, '')
  box.env.UV_PYTHON_DOWNLOADS = 'never'
  const addon = inProcess()
  const wrong: string[] = []
  let otherVersions = 0
  await each(seeds, 3, async (seed) => {
    const world = randomWorld(seed)
    const [lock, solution] = [await addon.lock(world, index.url(world)), await fromUv(world, index.url(world), box)]
    if (lock) wrong.push(...complaints(world, lock).map((text) => `seed ${seed}, ${text}`))
    if ((lock === null) !== (solution === null)) wrong.push(`seed ${seed}: uv says ${solution}`)
    else if (lock && solution && pinsOf(lock).join() !== solution.join()) otherVersions += 1
  })
  addon.close()
  box.remove()
  console.log(`other versions than uv's in ${otherVersions} of ${seeds.length}`)
  expect(wrong.slice(0, 20)).toEqual([])
  expect(otherVersions).toBeLessThan(Math.max(5, seeds.length / 50))
})
