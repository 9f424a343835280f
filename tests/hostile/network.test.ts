/**
 * Hostile networks, one row each in `network.ts`: no wrong byte is ever installed, a failure has a code, attempts are
 * counted, and nothing of what was wrong stays: the next command on a sound network does it right.
 */
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { checkEnvelope } from '../cli/harness/envelope.ts'
import { run } from '../cli/harness/run.ts'
import { type Sandbox, sandbox } from '../cli/harness/sandbox.ts'
import { type LocalIndex, startIndex } from '../index/index.mjs'
import { PACKAGES, ROWS } from './network.ts'
import { difference, surroundings } from './surroundings.ts'

const RETRIES = 2
const SECONDS = 1
const MANIFEST = '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.8"\ndependencies = ["alpha"]\n'

/** The library as it is when nothing goes wrong. */
let sound: Map<string, string>

beforeAll(async () => {
  await played({}, async (box) => {
    const ran = await run(box, { args: ['install'], exit: 0 })
    expect(ran.exit, ran.stdout + ran.stderr).toBe(0)
    sound = library(box)
  })
})

test('there is a row for every way', () => {
  expect(ROWS.length).toBeGreaterThanOrEqual(90)
  expect(new Set(ROWS.map(({ about }) => about)).size).toBe(ROWS.length)
})

describe.concurrent('a network that is not sound', () => {
  test.each(ROWS)('$about', async ({ faults, index: options, outcome }) => {
    await played({ ...options, faults }, async (box, index) => {
      const ran = await installed(box)
      const told = `${ran.stdout}${ran.stderr}\n${index.requests.map(({ path, status }) => `${status} ${path}`).join('\n')}`
      const envelope = checkEnvelope(ran, ['install'])
      const [problem] = envelope.diagnostics as { code: string }[]
      expect(problem?.code ?? 'installed', told).toBe(outcome)
      expect(ran.exit, told).toBe(outcome === 'installed' ? 0 : 1)
      if (outcome === 'installed') expect(difference(sound, library(box)), told).toEqual([])
      else expect([...library(box).keys()], told).toEqual([])
      // A wheel may be asked for its end, its metadata and as a whole; every hop of a redirect is a request. The engine asks
      // for a page that it failed at once more when it is needed, and the CLI asks again to say why.
      const requests = 3 * (outcome === 'fetch/too-many-redirects' ? 11 : 3 * (1 + RETRIES))
      expect(mostAsked(index), told).toBeLessThanOrEqual(requests)

      index.clearFaults()
      const again = await installed(box)
      expect(again.exit, again.stdout + again.stderr).toBe(0)
      expect(difference(sound, library(box))).toEqual([])
      const verified = await run(box, { args: ['cache', 'verify'], exit: 0 })
      expect(verified.exit, verified.stdout + verified.stderr).toBe(0)
    })
  })
})

async function played(
  options: Parameters<typeof startIndex>[0],
  what: (box: Sandbox, index: LocalIndex) => Promise<void>,
) {
  const index = await startIndex({ packages: PACKAGES, ...options })
  const box = sandbox(null, index.url)
  writeFileSync(join(box.project, 'pyproject.toml'), MANIFEST)
  try {
    await what(box, index)
  } finally {
    await index.close()
    box.remove()
  }
}

function installed(box: Sandbox) {
  const env = { PYBUN_HTTP_RETRIES: `${RETRIES}`, PYBUN_HTTP_TIMEOUT: `${SECONDS}` }
  return run(box, { args: ['install'], env, exit: 0 }, ['--format=json'])
}

function library(box: Sandbox): Map<string, string> {
  const lib = join(box.project, '.pybun', 'venv', 'lib')
  const [python = ''] = existsSync(lib) ? readdirSync(lib) : []
  const place = join(lib, python, 'site-packages')
  const found = existsSync(place) ? [...surroundings(place, [])] : []
  return new Map(found.filter(([path]) => !path.startsWith('__pycache__')))
}

/** How often the URL that was asked for most was asked for. */
function mostAsked(index: LocalIndex): number {
  const counts = new Map<string, number>()
  for (const { path } of index.requests) counts.set(path, (counts.get(path) ?? 0) + 1)
  return Math.max(0, ...counts.values())
}
