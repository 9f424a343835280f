import { constants } from 'node:fs'
import { open, readdir, stat } from 'node:fs/promises'
import { fail } from '../errors/failure.ts'
import { fileProblem, notAFile, notUtf8, tooLong } from '../errors/system.ts'
import type { Files } from './system.ts'

export const files: Files = {
  async readText(path) {
    const bytes = await readBytes(path)
    if (bytes === null) return null
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    } catch {
      return fail(notUtf8(path))
    }
  },
  readBytes,
  isFile: async (path) => (await kind(path)) === 'file',
  isDirectory: async (path) => (await kind(path)) === 'directory',
  async list(path) {
    try {
      return (await readdir(path)).sort()
    } catch (error) {
      if (isAbsent(error)) return []
      return refuse(error, path)
    }
  },
}

/** No file that is read here is longer: a link may lead to a device, or to a disk image. */
const MAX_BYTES = 256 << 20

/** Regular files alone, and without waiting for one: a repository may bring pipes, and links to devices. */
async function readBytes(path: string): Promise<Buffer | null> {
  try {
    // Opening some devices does something, so that they are told apart before.
    if (!(await stat(path)).isFile()) return fail(notAFile(path))
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    try {
      const found = await file.stat()
      if (!found.isFile()) return fail(notAFile(path))
      if (found.size > MAX_BYTES) return fail(tooLong(path, MAX_BYTES))
      return await readUpTo(file, found.size, path)
    } finally {
      await file.close()
    }
  } catch (error) {
    if (isAbsent(error)) return null
    return refuse(error, path)
  }
}

/** Some files state no size, and others grow. */
async function readUpTo(file: Awaited<ReturnType<typeof open>>, size: number, path: string): Promise<Buffer> {
  const parts: Buffer[] = []
  let room = Buffer.allocUnsafe(size + 1)
  for (let total = 0, filled = 0; ; ) {
    const { bytesRead } = await file.read(room, filled, room.length - filled)
    filled += bytesRead
    total += bytesRead
    if (total > MAX_BYTES) return fail(tooLong(path, MAX_BYTES))
    if (bytesRead === 0) return Buffer.concat([...parts, room.subarray(0, filled)])
    if (filled < room.length) continue
    parts.push(room)
    room = Buffer.allocUnsafe(64 << 10)
    filled = 0
  }
}

async function kind(path: string): Promise<'file' | 'directory' | 'other' | null> {
  try {
    const found = await stat(path)
    return found.isFile() ? 'file' : found.isDirectory() ? 'directory' : 'other'
  } catch {
    return null
  }
}

function isAbsent(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code
  return code === 'ENOENT' || code === 'ENOTDIR'
}

function refuse(error: unknown, path: string): never {
  const problem = fileProblem(error, 'read', path)
  if (problem) fail(problem)
  throw error
}
