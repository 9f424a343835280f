/** Ctrl-C at many moments: an answer, exit 130, nothing half-written, and the next run works. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { type LocalIndex, type LoggedRequest, startIndex } from '../index/index.mjs'
import { checkEnvelope } from './harness/envelope.ts'
import { run, start } from './harness/run.ts'
import { type Sandbox, sandbox } from './harness/sandbox.ts'

const PACKAGES = {
  alpha: { '1.0': { requires: ['beta', 'gamma', 'built'], scripts: { alpha: 'alpha:main' } } },
  beta: { '1.0': { files: { 'beta/__init__.py': '', 'beta/blob': { noise: 400_000 } } } },
  gamma: {
    '1.0': { files: Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`gamma/m${n}.py`, `x = ${n}\n`])) },
  },
  built: { '1.0': { wheel: false as const, sdist: { dynamic: true } } },
}
const MANIFEST = '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.8"\ndependencies = []\n'
const IMPORTS = 'import alpha, beta, gamma.m299, built; print("all there")'

const asked = (part: string) => (index: LocalIndex) =>
  waitFor(() => index.requests.some(({ path }: LoggedRequest) => path.includes(part)))
const after = (ms: number) => () => pause(ms)

const MOMENTS: [string, (index: LocalIndex) => Promise<unknown>][] = [
  ['when the first page is asked for', asked('/simple/alpha/')],
  ['when metadata is asked for', asked('.metadata')],
  ['when the backend of a build is asked for', asked('/simple/tiny-backend/')],
  ['when a wheel is asked for', asked('beta-1.0-py3-none-any.whl')],
  ...[10, 40, 80, 120, 200, 300, 400, 500, 600, 700, 850, 1000, 1200].map((ms): [string, () => Promise<unknown>] => [
    `after ${ms} ms`,
    after(ms),
  ]),
]

describe.each(['text', 'json'] as const)('%s', (mode) => {
  describe.concurrent('Ctrl-C', () => {
    test.each(MOMENTS)('%s', async (_, moment) => {
      const index = await startIndex({ packages: PACKAGES, latencyMs: 30 })
      const box = sandbox(null, index.url)
      const manifest = join(box.project, 'pyproject.toml')
      writeFileSync(manifest, MANIFEST)
      try {
        const prefix = mode === 'json' ? ['--format=json'] : []
        const running = start(box, { args: ['add', 'alpha'], exit: 130 }, prefix)
        await Promise.race([moment(index), running.finished])
        running.signal('SIGINT')
        const ran = await running.finished

        const after = readFileSync(manifest, 'utf8')
        if (ran.exit === 0) expect(after).toContain('alpha')
        else if (ran.exit === 'SIGINT') {
          // Before PyBun's own handler stands the signal ends the process, which has not said or done anything yet.
          expect([ran.stdout, ran.stderr, after]).toEqual(['', '', MANIFEST])
        } else {
          expect(ran.exit, ran.stdout + ran.stderr).toBe(130)
          if (mode === 'json') expect(checkEnvelope(ran, ['add', 'alpha'])).toMatchObject({ exit_code: 130 })
        }
        expect(after === MANIFEST || after.includes('alpha'), after).toBe(true)
        await isWhole(box)
      } finally {
        await index.close()
        box.remove()
      }
    })
  })
})

/** These run without Node, and end as the CLI does. */
describe.each(['text', 'json'] as const)('%s', (mode) => {
  describe.concurrent.each(['lock', 'install'])('Ctrl-C in a plain `%s`', (command) => {
    test.each(MOMENTS)('%s', async (name, moment) => {
      const index = await startIndex({ packages: PACKAGES, latencyMs: 30 })
      const box = sandbox(null, index.url)
      const text = MANIFEST.replace('[]', '["alpha"]')
      writeFileSync(join(box.project, 'pyproject.toml'), text)
      try {
        const prefix = mode === 'json' ? ['--format=json'] : []
        const running = start(box, { args: [command], exit: 130 }, prefix)
        await Promise.race([moment(index), running.finished])
        running.signal('SIGINT')
        const ran = await running.finished

        if (name === MOMENTS[0]?.[0]) expect(ran.exit, ran.stdout + ran.stderr).toBe(130)
        if (ran.exit === 'SIGINT') expect([ran.stdout, ran.stderr]).toEqual(['', ''])
        else if (ran.exit !== 0) {
          expect(ran.exit, ran.stdout + ran.stderr).toBe(130)
          if (mode === 'json') {
            expect(checkEnvelope(ran, [command])).toMatchObject({ diagnostics: [{ code: 'cli/interrupted' }] })
          } else expect(ran.stderr).toContain('error[cli/interrupted]: Interrupted; no file was left half-written\n')
        }
        expect(readdirSync(box.project).filter((file) => file.endsWith('.tmp'))).toEqual([])
        expect(readFileSync(join(box.project, 'pyproject.toml'), 'utf8')).toBe(text)
        await isWhole(box)
      } finally {
        await index.close()
        box.remove()
      }
    })
  })
})

/** What the interrupted run left is either nothing or complete, and the same command now succeeds. */
async function isWhole(box: Sandbox) {
  if (existsSync(join(box.project, 'pybun.lockb'))) {
    const decoded = await run(box, { args: ['lock', '--json'], exit: 0 })
    expect(decoded, 'the lock').toMatchObject({ exit: 0, stderr: '' })
  }
  const again = await run(box, { args: ['add', 'alpha'], exit: 0 })
  expect(again.exit, again.stderr).toBe(0)
  const used = await run(box, { args: ['run', '-c', IMPORTS], exit: 0 })
  expect(used, used.stderr).toMatchObject({ exit: 0, stdout: 'all there\n' })
}

async function waitFor(condition: () => boolean) {
  while (!condition()) await pause(2)
}
