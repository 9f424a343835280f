import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Failure } from '../errors/failure.ts'
import { files } from './files.ts'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'pybun-files-'))
})
afterEach(() => rmSync(root, { recursive: true }))

it('tells absent from unreadable', async () => {
  writeFileSync(join(root, 'latin'), Buffer.from([0x66, 0xfc, 0x72]))
  expect(await files.readText(join(root, 'none'))).toBeNull()
  expect(await problemOf(files.readText(join(root, 'latin')))).toMatchObject({ code: 'system/not-utf8' })
  expect(await problemOf(files.readText(root))).toMatchObject({ code: 'system/wrong-kind' })
})

it.runIf(process.platform === 'linux')('reads a file whose size is not stated', async () => {
  expect(await files.readText('/proc/self/status')).toContain('Pid:')
})

it('waits for no pipe and reads no device', async () => {
  execFileSync('mkfifo', [join(root, 'pipe')])
  symlinkSync('/dev/zero', join(root, 'device'))
  for (const name of ['pipe', 'device'])
    expect(await problemOf(files.readBytes(join(root, name)))).toMatchObject({ code: 'system/wrong-kind' })
})

async function problemOf(task: Promise<unknown>) {
  const error = await task.then(
    () => null,
    (reason: unknown) => reason,
  )
  return error instanceof Failure ? error.problems[0] : error
}
