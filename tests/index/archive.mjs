/** Zip and tar writers whose bytes depend on their input alone: no clock, no file modes of this machine. */
import { crc32, deflateRawSync, gzipSync } from 'node:zlib'

const DOS_EPOCH = (1 << 5) | 1 // 1980-01-01, the earliest date a zip can hold
const UTF8_NAMES = 0x0800
const SIZES_FOLLOW = 0x0008

/**
 * @typedef {object} ZipEntry
 * @property {string} name as written into the archive, not checked in any way
 * @property {Buffer | string} data
 * @property {number} [mode] Unix mode, 0o100644 by default
 * @property {boolean} [stored] no compression
 * @property {number} [crc] a wrong checksum, for broken archives
 * @property {number} [size] a wrong uncompressed size, for broken archives
 * @property {boolean} [streamed] sizes in a data descriptor after the content (bit 3), as streaming writers do
 */

/**
 * A zip archive (APPNOTE 6.3) of the entries in the given order.
 * @param {ZipEntry[]} entries
 * @returns {Buffer}
 */
export function zip(entries) {
  const body = []
  const directory = []
  let offset = 0
  for (const entry of entries) {
    const { local, central } = zipEntry(entry, offset)
    body.push(local)
    directory.push(central)
    offset += local.length
  }
  const listing = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(listing.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...body, listing, end])
}

/**
 * A gzip-compressed ustar archive.
 * @param {{name: string, data?: Buffer | string, mode?: number, link?: string}[]} entries `link` makes a symbolic link
 * @returns {Buffer}
 */
export function tarGz(entries) {
  const blocks = entries.map(tarEntry)
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]), { level: 6 })
}

/** @param {ZipEntry} entry @param {number} offset */
function zipEntry(entry, offset) {
  const name = Buffer.from(entry.name, 'utf8')
  const data = Buffer.from(entry.data)
  const packed = entry.stored ? data : deflateRawSync(data, { level: 6 })
  const crc = entry.crc ?? crc32(data)
  const size = entry.size ?? data.length
  const flags = (/[^\0-\x7f]/.test(entry.name) ? UTF8_NAMES : 0) | (entry.streamed ? SIZES_FOLLOW : 0)

  const fields = Buffer.alloc(26) // the part that local header and directory entry share
  fields.writeUInt16LE(20, 0)
  fields.writeUInt16LE(flags, 2)
  fields.writeUInt16LE(entry.stored ? 0 : 8, 4)
  fields.writeUInt16LE(0, 6)
  fields.writeUInt16LE(DOS_EPOCH, 8)
  fields.writeUInt32LE(crc, 10)
  fields.writeUInt32LE(packed.length, 14)
  fields.writeUInt32LE(size, 18)
  fields.writeUInt16LE(name.length, 22)

  const tail = Buffer.alloc(14)
  tail.writeUInt32LE(((entry.mode ?? 0o100644) << 16) >>> 0, 6)
  tail.writeUInt32LE(offset, 10)
  const madeByUnix = Buffer.from([20, 3])
  const central = Buffer.concat([signature(0x02014b50), madeByUnix, fields, tail, name])

  if (!entry.streamed) return { local: Buffer.concat([signature(0x04034b50), fields, name, packed]), central }
  const descriptor = Buffer.concat([signature(0x08074b50), fields.subarray(10, 22)])
  const unknown = Buffer.from(fields)
  unknown.fill(0, 10, 22)
  return { local: Buffer.concat([signature(0x04034b50), unknown, name, packed, descriptor]), central }
}

/** @param {number} value */
function signature(value) {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value, 0)
  return bytes
}

/** @param {{name: string, data?: Buffer | string, mode?: number, link?: string}} entry */
function tarEntry(entry) {
  const data = Buffer.from(entry.data ?? '')
  const header = Buffer.alloc(512)
  if (Buffer.byteLength(entry.name) > 100) throw new Error(`too long for a ustar name: ${entry.name}`)
  header.write(entry.name, 0)
  header.write(octal(entry.mode ?? 0o644, 7), 100)
  header.write(octal(0, 7), 108)
  header.write(octal(0, 7), 116)
  header.write(octal(data.length, 11), 124)
  header.write(octal(0, 11), 136)
  header.write(' '.repeat(8), 148)
  header.write(entry.link ? '2' : '0', 156)
  if (entry.link) header.write(entry.link, 157)
  header.write('ustar\x0000', 257)
  let sum = 0
  for (const byte of header) sum += byte
  header.write(`${octal(sum, 6)}\0 `, 148)
  return Buffer.concat([header, data, Buffer.alloc((512 - (data.length % 512)) % 512)])
}

/** @param {number} value @param {number} width */
function octal(value, width) {
  return value.toString(8).padStart(width, '0')
}
