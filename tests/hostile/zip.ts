/** A zip writer that says what it is told to: every field of every record can be a lie. Source: APPNOTE 6.3.10. */
import { constants, crc32, deflateRawSync } from 'node:zlib'

/** What a local header and the central directory both say of a member. */
export interface Fields {
  name: string | Buffer
  flags: number
  method: number
  crc: number
  packed: number
  size: number
  extra: Buffer
}

export interface Member {
  name: string | Buffer
  data?: string | Buffer
  /** Unix mode with the kind of file. */
  mode?: number
  stored?: boolean
  /** In place of the compressed data, with the numbers that it stands for. */
  raw?: { bytes: Buffer; crc?: number; size?: number }
  /** What its own header says instead. */
  local?: Partial<Fields>
  /** What the central directory says instead. */
  central?: Partial<Fields & { disk: number; offset: number }>
  /** What both say instead. */
  both?: Partial<Fields>
  /** The numbers follow the data (bit 3), perhaps others than there are. */
  descriptor?: { crc?: number; packed?: number; size?: number }
  /** Bytes between this member and the next. */
  gap?: Buffer
  /** `central`: no data, only a line in the directory. `local`: data that no directory knows. */
  only?: 'central' | 'local'
}

/** What the archive as a whole says instead. */
export interface Ends {
  prefix?: Buffer
  /** Offsets count from the start of the file, prefix included. */
  shifted?: boolean
  suffix?: Buffer
  comment?: Buffer
  disk?: number
  entries?: number
  size?: number
  offset?: number
  /** A zip64 end and its locator, with these lies. */
  zip64?: { entries?: bigint; size?: bigint; offset?: bigint; at?: bigint; disks?: number }
}

const UTF8_NAMES = 0x0800
const SIZES_FOLLOW = 0x0008
const DOS_EPOCH = (1 << 5) | 1

export function zip(members: Member[], ends: Ends = {}): Buffer {
  const prefix = ends.prefix ?? Buffer.alloc(0)
  const start = ends.shifted ? prefix.length : 0
  const body: Buffer[] = []
  const directory: Buffer[] = []
  let at = start
  for (const member of members) {
    const fields = fieldsOf(member)
    const data = member.only === 'central' ? Buffer.alloc(0) : localPart(member, fields)
    if (member.only !== 'local') directory.push(centralPart(member, fields, at))
    body.push(data)
    at += data.length
  }
  const listing = Buffer.concat(directory)
  const tail = endPart(ends, { entries: directory.length, size: listing.length, offset: at })
  return Buffer.concat([prefix, ...body, listing, tail, ends.suffix ?? Buffer.alloc(0)])
}

/** Deflate data for so many zero bytes, made from one block over and over. */
export function zeros(megabytes: number): { bytes: Buffer; crc: number; size: number } {
  const block = Buffer.alloc(1 << 20)
  const packed = deflateRawSync(block, { level: 9, finishFlush: constants.Z_FULL_FLUSH })
  let crc = 0
  for (let n = 0; n < megabytes; n += 1) crc = crc32(block, crc)
  const last = Buffer.from([3, 0])
  return { bytes: Buffer.concat([...Array(megabytes).fill(packed), last]), crc, size: megabytes << 20 }
}

/** One field of an extra block. */
export function extra(id: number, content: Buffer): Buffer {
  return Buffer.concat([u16(id), u16(content.length), content])
}

export function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

export function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(value)
  return bytes
}

function fieldsOf(member: Member): Fields & { bytes: Buffer } {
  const data = Buffer.from(member.data ?? '')
  const bytes = member.raw?.bytes ?? (member.stored ? data : deflateRawSync(data))
  const ascii = /^[\0-\x7f]*$/.test(member.name.toString('latin1'))
  return {
    name: member.name,
    flags: (ascii ? 0 : UTF8_NAMES) | (member.descriptor ? SIZES_FOLLOW : 0),
    method: member.stored ? 0 : 8,
    crc: member.raw?.crc ?? crc32(data),
    packed: bytes.length,
    size: member.raw?.size ?? data.length,
    extra: Buffer.alloc(0),
    ...member.both,
    bytes,
  }
}

function localPart(member: Member, fields: Fields & { bytes: Buffer }): Buffer {
  const unknown = member.descriptor ? { crc: 0, packed: 0, size: 0 } : {}
  const said = { ...fields, ...unknown, ...member.local }
  const parts = [u32(0x04034b50), shared(said), Buffer.from(said.name), said.extra, fields.bytes]
  if (member.descriptor) {
    const { crc, packed, size } = { ...fields, ...member.descriptor }
    parts.push(u32(0x08074b50), u32(crc), u32(packed), u32(size))
  }
  return Buffer.concat([...parts, member.gap ?? Buffer.alloc(0)])
}

function centralPart(member: Member, fields: Fields, at: number): Buffer {
  const said = { ...fields, disk: 0, offset: at, ...member.central }
  const mode = ((member.mode ?? 0o100644) << 16) >>> 0
  const rest = [u16(0), u16(said.disk), u16(0), u32(mode), u32(said.offset)]
  return Buffer.concat([
    u32(0x02014b50),
    Buffer.from([20, 3]),
    shared(said),
    ...rest,
    Buffer.from(said.name),
    said.extra,
  ])
}

function shared({ name, flags, method, crc, packed, size, extra: block }: Fields): Buffer {
  const numbers = [u32(crc), u32(packed), u32(size), u16(Buffer.from(name).length), u16(block.length)]
  return Buffer.concat([u16(20), u16(flags), u16(method), u16(0), u16(DOS_EPOCH), ...numbers])
}

function endPart(ends: Ends, true_: { entries: number; size: number; offset: number }): Buffer {
  const { entries, size, offset } = { ...true_, ...ends }
  const comment = ends.comment ?? Buffer.alloc(0)
  const disk = u16(ends.disk ?? 0)
  const numbers = [disk, disk, u16(entries), u16(entries), u32(size), u32(offset), u16(comment.length)]
  const end = Buffer.concat([u32(0x06054b50), ...numbers, comment])
  if (!ends.zip64) return end
  const wide = ends.zip64
  const counts = [wide.entries ?? BigInt(true_.entries), wide.entries ?? BigInt(true_.entries)]
  const places = [wide.size ?? BigInt(true_.size), wide.offset ?? BigInt(true_.offset)]
  const head = [u32(0x06064b50), u64(44n), u16(45), u16(45), u32(0), u32(0)]
  const at = wide.at ?? BigInt(true_.offset + true_.size)
  const locator = [u32(0x07064b50), u32(0), u64(at), u32(wide.disks ?? 1)]
  return Buffer.concat([...head, ...counts.map(u64), ...places.map(u64), ...locator, end])
}
