import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
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

it('makes missing directories and leaves no other file', async () => {
  await files.write(join(root, 'a/b/file'), 'text')
  expect(readFileSync(join(root, 'a/b/file'), 'utf8')).toBe('text')
  expect(readdirSync(join(root, 'a/b'))).toEqual(['file'])
})

it('keeps the mode of the file and the link that leads to it', async () => {
  writeFileSync(join(root, 'real'), 'old')
  chmodSync(join(root, 'real'), 0o600)
  symlinkSync('real', join(root, 'link'))
  await files.write(join(root, 'link'), 'new')
  expect(lstatSync(join(root, 'link')).isSymbolicLink()).toBe(true)
  expect(readFileSync(join(root, 'real'), 'utf8')).toBe('new')
  expect(statSync(join(root, 'real')).mode & 0o777).toBe(0o600)
})

it('says what is in the way, and leaves it', async () => {
  writeFileSync(join(root, 'file'), 'old')
  await expect(problemOf(files.write(join(root, 'file/below'), 'x'))).resolves.toMatchObject({
    code: 'system/wrong-kind',
  })
  await expect(problemOf(files.write(root, 'x'))).resolves.toMatchObject({ code: 'system/wrong-kind' })
  expect(readdirSync(root)).toEqual(['file'])
})

it('tells absent from unreadable', async () => {
  writeFileSync(join(root, 'latin'), Buffer.from([0x66, 0xfc, 0x72]))
  expect(await files.readText(join(root, 'none'))).toBeNull()
  expect(await problemOf(files.readText(join(root, 'latin')))).toMatchObject({ code: 'system/not-utf8' })
  expect(await problemOf(files.readText(root))).toMatchObject({ code: 'system/wrong-kind' })
})

async function problemOf(task: Promise<unknown>) {
  const error = await task.then(
    () => null,
    (reason: unknown) => reason,
  )
  return error instanceof Failure ? error.problems[0] : error
}
