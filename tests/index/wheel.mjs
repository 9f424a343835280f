/** Invented wheels, sound ones and ones with a chosen defect. */
import { createHash } from 'node:crypto'
import { zip } from './archive.mjs'
import { entryPoints, escaped, metadata } from './metadata.mjs'

/**
 * A wheel (binary distribution format 1.0) of a release.
 * @param {string} name @param {string} version @param {import('./index.d.mts').Release} release
 * @param {string} tag such as `py3-none-any`, possibly with a build tag before it
 * @returns {{filename: string, bytes: Buffer, metadata: string}}
 */
export function wheel(name, version, release, tag = 'py3-none-any') {
  const filename = `${escaped(name)}-${version.replaceAll('-', '_')}-${tag}.whl`
  const text = metadata(name, version, release)
  const entries = applyDefect(contents(name, version, release, tag), release.defect, name, version)
  const bytes = release.defect === 'not-a-zip' ? Buffer.from('<html>Not a wheel</html>\n') : zip(entries)
  const cut = release.defect === 'truncated' ? bytes.subarray(0, Math.floor(bytes.length / 2)) : bytes
  return { filename, bytes: Buffer.from(cut), metadata: text }
}

/** The RECORD field for a file's content. @param {Buffer | string} data */
export function recordHash(data) {
  return `sha256=${createHash('sha256').update(data).digest('base64url')}`
}

/** @returns {import('./archive.mjs').ZipEntry[]} */
function contents(name, version, release, tag) {
  const info = `${escaped(name)}-${version.replaceAll('-', '_')}.dist-info`
  const data = info.replace('.dist-info', '.data')
  const files = release.files ?? { [`${escaped(name)}/__init__.py`]: `__version__ = "${version}"\n` }
  const entries = []
  for (const [path, content] of Object.entries(files)) entries.push(entry(path, content))
  for (const [path, content] of Object.entries(release.data ?? {})) {
    entries.push({ ...entry(`${data}/${path}`, content), mode: path.startsWith('scripts/') ? 0o100755 : 0o100644 })
  }
  entries.push({ name: `${info}/METADATA`, data: metadata(name, version, release) })
  entries.push({ name: `${info}/WHEEL`, data: wheelFile(tag, release) })
  const points = entryPoints(release)
  if (points) entries.push({ name: `${info}/entry_points.txt`, data: points })
  for (const [path, content] of Object.entries(release.dist_info ?? {})) entries.push(entry(`${info}/${path}`, content))
  return withRecord(entries, info)
}

/** A file given as text, as `{ base64 }`, or as a number of `{ noise }` bytes that do not compress. */
function entry(name, content) {
  if (typeof content === 'string') return { name, data: content }
  return { name, data: 'base64' in content ? Buffer.from(content.base64, 'base64') : noise(name, content.noise) }
}

/** The same bytes for the same seed. @param {string} seed @param {number} length */
function noise(seed, length) {
  const blocks = []
  for (let n = 0; n * 64 < length; n += 1) blocks.push(createHash('sha512').update(`${seed} ${n}`).digest())
  return Buffer.concat(blocks).subarray(0, length)
}

function wheelFile(tag, release) {
  const [python = '', abi = '', platform = ''] = tag.split('-').slice(-3)
  const tags = []
  for (const p of python.split('.')) {
    for (const a of abi.split('.')) for (const m of platform.split('.')) tags.push(`Tag: ${p}-${a}-${m}`)
  }
  const pure = release.pure ?? platform === 'any'
  const format = release.defect === 'wheel-version' ? '2.0' : '1.0'
  return `Wheel-Version: ${format}\nGenerator: invented\nRoot-Is-Purelib: ${pure}\n${tags.join('\n')}\n`
}

function withRecord(entries, info) {
  const rows = entries.map(({ name, data }) => {
    const field = /[",]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name
    return `${field},${recordHash(data)},${Buffer.byteLength(data)}`
  })
  rows.push(`${info}/RECORD,,`)
  return [...entries, { name: `${info}/RECORD`, data: `${rows.join('\n')}\n` }]
}

/** Every defect leaves the page's hash right, so that what is found is the defect itself. */
function applyDefect(entries, defect, name, version) {
  const info = `${escaped(name)}-${version.replaceAll('-', '_')}.dist-info`
  const plain = entries.filter((item) => !item.name.endsWith('/RECORD'))
  const swap = (suffix, change) =>
    plain.map((item) => (item.name.endsWith(suffix) ? { ...item, ...change(item) } : item))
  switch (defect) {
    case undefined:
    case 'truncated':
    case 'wheel-version':
    case 'hash-mismatch':
    case 'metadata-mismatch':
    case 'wrong-metadata-hash':
      return entries
    case 'path-traversal':
      return withRecord([...plain, { name: '../../../escaped.txt', data: 'outside\n' }], info)
    case 'absolute-path':
      return withRecord([...plain, { name: '/tmp/pybun-escaped.txt', data: 'outside\n' }], info)
    case 'backslash-path':
      return withRecord([...plain, { name: '..\\..\\escaped.txt', data: 'outside\n' }], info)
    case 'symlink':
      return withRecord([...plain, { name: `${escaped(name)}/link`, data: '../../../..', mode: 0o120777 }], info)
    case 'record-hash':
      return entries.map((item) =>
        item.name.endsWith('/RECORD') ? { ...item, data: item.data.replace(/sha256=./, 'sha256=~') } : item,
      )
    case 'unrecorded-file':
      return [{ name: `${escaped(name)}/unrecorded.py`, data: 'x = 1\n' }, ...entries]
    case 'no-record':
      return plain
    case 'no-metadata':
      return withRecord(
        plain.filter((item) => !item.name.endsWith('/METADATA')),
        info,
      )
    case 'no-wheel-file':
      return withRecord(
        plain.filter((item) => !item.name.endsWith('/WHEEL')),
        info,
      )
    case 'wrong-name':
      return withRecord(
        swap('/METADATA', (item) => ({ data: item.data.replace(/^Name: .*/m, 'Name: someone-else') })),
        info,
      )
    case 'wrong-version':
      return withRecord(
        swap('/METADATA', (item) => ({ data: item.data.replace(/^Version: .*/m, 'Version: 99') })),
        info,
      )
    case 'bad-crc':
      return entries.map((item, at) => (at === 0 ? { ...item, crc: 0x12345678 } : item))
    case 'lying-size':
      return entries.map((item, at) => (at === 0 ? { ...item, size: 3 } : item))
    case 'duplicate-entry':
      return [{ ...entries[0], data: 'raise SystemExit("the other one")\n' }, ...entries]
    case 'streamed':
      return entries.map((item) => ({ ...item, streamed: true }))
    case 'stored':
      return entries.map((item) => ({ ...item, stored: true }))
    case 'not-a-zip':
      return []
    default:
      throw new Error(`unknown defect ${defect}`)
  }
}
