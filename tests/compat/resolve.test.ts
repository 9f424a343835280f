/** A sample of the random worlds through everything that a user has: the command line, a real index, the lock on disk. */
import { describe, expect, test } from 'vitest'
import { python, sandbox } from '../cli/harness/sandbox.ts'
import { startIndex } from '../index/index.mjs'
import { recorded } from './answers.ts'
import { fromCommandLine, pinsOf } from './ask.ts'
import { complaints } from './check-lock.ts'

/** `pybun lock` wants an interpreter that the project allows: worlds for newer ones are not for this machine. */
const minor = (version: string) => Number(version.split('.')[1])
const SAMPLE = recorded().filter(
  ({ world }) => world.seed % 100 === 7 && minor(world.python) <= minor(python().version),
)

test('the sample has some of both kinds', () => {
  const unsolvable = SAMPLE.filter(({ solution }) => solution === null).length
  expect(unsolvable).toBeGreaterThan(5)
  expect(SAMPLE.length - unsolvable).toBeGreaterThan(15)
})

describe.concurrent('pybun lock', () => {
  test.each(SAMPLE)('seed $world.seed', async ({ world, solution }) => {
    const index = await startIndex({ packages: world.packages })
    const box = sandbox(null, index.url)
    try {
      const lock = await fromCommandLine(world, box)
      expect(lock && pinsOf(lock), JSON.stringify(world.requirements)).toEqual(solution)
      if (lock) expect(complaints(world, lock)).toEqual([])
    } finally {
      await index.close()
      box.remove()
    }
  })
})
