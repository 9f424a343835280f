import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Failure } from '../errors/failure.ts'
import { processes } from './processes.ts'

const node = (code: string, env = {}) => ({ program: process.execPath, args: ['-e', code], env })
const signal = new AbortController().signal

it('keeps the first bytes of both streams and lets the program finish', async () => {
  const code = 'process.stdout.write("a".repeat(300000)); process.stderr.write("b".repeat(5)); process.exitCode = 4'
  const captured = await processes.capture(node(code), 10, signal)
  expect(captured).toEqual({
    exit_code: 4,
    stdout: 'a'.repeat(10),
    stderr: 'bbbbb',
    stdout_truncated: true,
    stderr_truncated: false,
  })
})

it('lays variables over the inherited ones and removes those that are null', async () => {
  process.env.PYBUN_TEST_REMOVED = 'x'
  const code = 'console.log([process.env.PYBUN_TEST_SET, process.env.PYBUN_TEST_REMOVED])'
  const { stdout } = await processes.capture(
    node(code, { PYBUN_TEST_SET: '1', PYBUN_TEST_REMOVED: null }),
    1000,
    signal,
  )
  delete process.env.PYBUN_TEST_REMOVED
  expect(stdout).toBe("[ '1', undefined ]\n")
})

it('says a death by signal as shells do, and ends the program when asked', async () => {
  const stop = new AbortController()
  const ended = processes.capture(node('console.log(1); setInterval(() => {}, 1000)'), 10, stop.signal)
  setTimeout(() => stop.abort(), 200)
  expect((await ended).exit_code).toBe(128 + 15)
})

it('fails with a problem when there is no such program', async () => {
  const task = processes.capture({ program: '/nowhere/at-all', args: [], env: {} }, 10, signal)
  await expect(task).rejects.toBeInstanceOf(Failure)
})

it('starts ourselves once more, and that process is no child of ours', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'pybun-unit-'))
  const own = join(directory, 'own.mjs')
  const said = join(directory, 'said')
  writeFileSync(
    own,
    `import { writeFileSync } from 'node:fs'
    writeFileSync(process.argv[2], JSON.stringify([process.ppid, process.argv.slice(3)]))`,
  )
  const argv = process.argv[1]
  process.argv[1] = own
  await processes.detach([said, 'one', "two 'words'"])
  process.argv[1] = argv ?? ''
  await expect.poll(() => existsSync(said) && readFileSync(said, 'utf8'), { timeout: 10_000 }).toContain('two')
  const [parent, words] = JSON.parse(readFileSync(said, 'utf8'))
  expect(words).toEqual(['one', "two 'words'"])
  expect(parent).not.toBe(process.pid)
  rmSync(directory, { recursive: true })
})
