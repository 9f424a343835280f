import { unlinkSync } from 'node:fs'
import { mkdir, open, readdir, readFile, realpath, rename, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fail } from '../errors/failure.ts'
import { fileProblem, notUtf8 } from '../errors/system.ts'
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
      return refuse(error, 'read', path)
    }
  },
  write,
}

/** The names that a kill at this moment would leave behind. */
const temporary = new Set<string>()

/** For the one who is about to leave the process: synchronous, and never fails. */
export function removeTemporaryFiles(): void {
  for (const path of temporary) {
    try {
      unlinkSync(path)
    } catch {
      // Renamed a moment ago, or never made: both are fine.
    }
  }
  temporary.clear()
}

async function write(path: string, data: string | Uint8Array): Promise<void> {
  // A manifest may be a link into another directory: the file behind it is replaced, not the link.
  const target = await realpath(path).catch(() => path)
  const directory = dirname(target)
  const draft = join(directory, `.${basename(target)}.${process.pid}-${counter++}.tmp`)
  try {
    await mkdir(directory, { recursive: true })
    temporary.add(draft)
    const mode = await stat(target).then(
      (found) => found.mode & 0o7777,
      () => 0o644,
    )
    const file = await open(draft, 'wx', mode)
    try {
      await file.writeFile(data)
      await file.chmod(mode)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(draft, target)
  } catch (error) {
    await unlink(draft).catch(() => {})
    refuse(error, 'write', path)
  } finally {
    temporary.delete(draft)
  }
  await syncDirectory(directory)
}

let counter = 0

/** Makes the rename itself survive a power cut. Not every file system can; the file is whole either way. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return
  try {
    const directory = await open(path, 'r')
    await directory.sync().finally(() => directory.close())
  } catch {
    // See above.
  }
}

async function readBytes(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path)
  } catch (error) {
    if (isAbsent(error)) return null
    return refuse(error, 'read', path)
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

function refuse(error: unknown, action: 'read' | 'write', path: string): never {
  const problem = fileProblem(error, action, path)
  if (problem) fail(problem)
  throw error
}
