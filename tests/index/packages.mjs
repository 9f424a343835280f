/** The source of an index that is invented: `{ name: { version: release } }` becomes project pages and files. */
import { createHash } from 'node:crypto'
import { normalized } from './metadata.mjs'
import { backends, sdist } from './sdist.mjs'
import { wheel } from './wheel.mjs'

/**
 * @param {import('./index.d.mts').Packages} packages
 * @returns {import('./index.d.mts').Source}
 */
export function inventedSource(packages) {
  const source = made.get(packages) ?? makeSource(packages)
  made.set(packages, source)
  return source
}

/** Many tests serve the same packages: their files are made once. */
const made = new WeakMap()

function makeSource(packages) {
  /** @type {Map<string, import('./index.d.mts').Page>} */
  const pages = new Map()
  /** @type {Map<string, Buffer>} */
  const files = new Map()
  for (const [name, releases] of Object.entries({ ...backends(), ...packages })) {
    const page = { name: normalized(name), versions: Object.keys(releases), files: [] }
    pages.set(page.name, page)
    for (const [version, release] of Object.entries(releases)) addRelease({ page, files, name, version, release })
  }
  return {
    names: () => [...pages.keys()].sort(),
    page: async (name) => pages.get(name) ?? null,
    file: async (filename) => {
      const bytes = files.get(filename)
      if (!bytes) return null
      return {
        size: bytes.length,
        etag: sha256(bytes).slice(0, 32),
        read: async (start, end) => bytes.subarray(start, end),
      }
    },
  }
}

/** Writes the releases' files into a directory's worth of name and bytes, without a server. */
export function inventedFiles(packages) {
  const made = []
  for (const [name, releases] of Object.entries(packages)) {
    for (const [version, release] of Object.entries(releases)) made.push(...distributions(name, version, release))
  }
  return made
}

function addRelease({ page, files, name, version, release }) {
  for (const made of distributions(name, version, release)) {
    files.set(made.filename, made.bytes)
    page.files.push({
      filename: made.filename,
      size: made.bytes.length,
      hashes: { sha256: stated(made.bytes, release.defect === 'hash-mismatch') },
      'upload-time': release.uploaded ?? '2024-01-01T00:00:00.000000Z',
      ...(release.requires_python ? { 'requires-python': release.requires_python } : {}),
      yanked: release.yanked ?? false,
      ...(made.metadata ? { 'core-metadata': coreMetadata(files, made, release) } : {}),
    })
  }
}

function distributions(name, version, release) {
  const made = []
  if (release.wheel !== false) {
    for (const tag of release.tags ?? ['py3-none-any']) made.push(wheel(name, version, release, tag))
  }
  if (release.sdist) made.push(sdist(name, version, release))
  return made
}

function coreMetadata(files, made, release) {
  const different =
    release.defect === 'metadata-mismatch' ? `${made.metadata}Requires-Dist: tiny-backend\n` : made.metadata
  files.set(`${made.filename}.metadata`, Buffer.from(different))
  return { sha256: stated(Buffer.from(different), release.defect === 'wrong-metadata-hash') }
}

function stated(bytes, wrong) {
  const hash = sha256(bytes)
  return wrong ? `${hash.slice(0, -4)}0000` : hash
}

/** @param {Buffer} bytes */
function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex')
}
