/** The source of an index that was recorded: `pages/<name>.json` as PEP 691 pages, `files/<filename>`. */
import { open, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * @param {string} directory
 * @returns {import('./index.d.mts').Source}
 */
export function directorySource(directory) {
  return {
    names: async () => {
      const names = await readdir(join(directory, 'pages'))
      return names.map((name) => name.replace(/\.json$/, '')).sort()
    },
    page: async (name) => {
      const text = await readFile(join(directory, 'pages', `${name}.json`), 'utf8').catch(missing)
      return text === null ? null : JSON.parse(text)
    },
    file: async (filename) => {
      const path = join(directory, 'files', filename)
      const found = await stat(path).catch(missing)
      if (found === null) return null
      const read = async (start, end) => readSlice(path, start, end)
      return { size: found.size, etag: `${found.size.toString(16)}-${Math.floor(found.mtimeMs).toString(16)}`, read }
    },
  }
}

async function readSlice(path, start, end) {
  const handle = await open(path)
  try {
    const buffer = Buffer.allocUnsafe(end - start)
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, start)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

/** @param {NodeJS.ErrnoException} error */
function missing(error) {
  if (error.code === 'ENOENT') return null
  throw error
}
