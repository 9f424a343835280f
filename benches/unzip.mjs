/** Reads one member out of a zip archive in memory (no zip64, which no wheel of the sets needs). */
import { inflateRawSync } from 'node:zlib'

/**
 * @param {Buffer} bytes @param {RegExp} name
 * @returns {Buffer}
 */
export function readZipMember(bytes, name) {
  const end = bytes.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'))
  if (end < 0) throw new Error('not a zip archive')
  let at = bytes.readUInt32LE(end + 16)
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left -= 1) {
    const nameLength = bytes.readUInt16LE(at + 28)
    const found = bytes.toString('utf8', at + 46, at + 46 + nameLength)
    if (name.test(found)) return content(bytes, at)
    at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32)
  }
  throw new Error(`no ${name} in the archive`)
}

/** @param {Buffer} bytes @param {number} entry the offset of a central directory entry */
function content(bytes, entry) {
  const local = bytes.readUInt32LE(entry + 42)
  const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28)
  const packed = bytes.subarray(start, start + bytes.readUInt32LE(entry + 20))
  return bytes.readUInt16LE(entry + 10) === 0 ? packed : inflateRawSync(packed)
}
