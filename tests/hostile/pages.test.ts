/** Hostile project pages, one row each in `pages.ts`: passed over or refused with a code, and no file of this machine is read. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkEnvelope } from '../cli/harness/envelope.ts'
import { run } from '../cli/harness/run.ts'
import { sandbox } from '../cli/harness/sandbox.ts'
import { startIndex } from '../index/index.mjs'
import { PACKAGES, ROWS } from './pages.ts'
import { difference, surroundings } from './surroundings.ts'

const MANIFEST = '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.8"\ndependencies = ["alpha"]\n'

test('there is a row for every way', () => {
  expect(ROWS.length).toBeGreaterThanOrEqual(50)
  expect(new Set(ROWS.map(({ about }) => about)).size).toBe(ROWS.length)
})

describe.concurrent('a page that is not sound', () => {
  test.each(ROWS)('$about', async ({ body, type, outcome }) => {
    const faults = [{ path: '/simple/alpha/', status: 200, body, headers: { 'content-type': type } }]
    const index = await startIndex({ packages: PACKAGES, faults })
    const box = sandbox(null, index.url)
    try {
      writeFileSync(join(box.project, 'pyproject.toml'), MANIFEST)
      const state = join(box.project, '.pybun')
      const before = surroundings(box.root, [state, join(box.home, '.cache'), box.state])
      const ran = await run(box, { args: ['install'], exit: 0 }, ['--format=json'])
      const told = `${ran.stdout.slice(0, 3000)}${ran.stderr}`
      const envelope = checkEnvelope(ran, ['install'])
      const [problem] = envelope.diagnostics as { code: string }[]
      const changes = (envelope.result as { changes: { version: string }[] } | null)?.changes
      expect(problem?.code ?? changes?.[0]?.version, told).toBe(outcome)
      const changed = difference(before, surroundings(box.root, [state, join(box.home, '.cache'), box.state]))
      const outside = changed.filter((line) => !line.startsWith('project/pybun.lockb: file'))
      expect(outside, told).toEqual([])
      if (outcome !== '1.0') expect(existsSync(join(box.project, 'pybun.lockb')), told).toBe(false)
      expect(leftovers(box.cache), told).toEqual([])
    } finally {
      await index.close()
      box.remove()
    }
  })
})

function leftovers(cache: string): string[] {
  const temporary = join(cache, 'tmp')
  return existsSync(temporary) ? readdirSync(temporary) : []
}
