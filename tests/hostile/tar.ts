/** A tar writer that says what it is told to. Sources: POSIX pax, and GNU tar's "Basic Tar Format". */
import { gzipSync } from 'node:zlib'

export interface Entry {
  name: string | Buffer
  data?: string | Buffer
  /** The type flag, '0' (a file) by default. */
  type?: string
  mode?: number
  link?: string
  /** Another size than the data has, as a number or as the 12 bytes of the field. */
  size?: number | Buffer
  checksum?: number
  /** Written over the header at an offset, before its checksum is taken. */
  over?: { at: number; bytes: Buffer }[]
}

export interface TarLies {
  /** Without the two empty blocks at the end. */
  open?: boolean
}

export function tar(entries: Entry[], lies: TarLies = {}): Buffer {
  return Buffer.concat([...entries.map(entryPart), lies.open ? Buffer.alloc(0) : Buffer.alloc(1024)])
}

export function tarGz(entries: Entry[], lies: TarLies = {}): Buffer {
  return gzipSync(tar(entries, lies), { level: 6 })
}

/** A pax header for the entry that follows it ('x'), or for all that follow ('g'). */
export function pax(records: Record<string, string | Buffer>, type: 'x' | 'g' = 'x'): Entry {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')])
    let length = rest.length + 1
    while (String(length).length + rest.length !== length) length = String(length).length + rest.length
    return Buffer.concat([Buffer.from(String(length)), rest])
  })
  return { name: 'pax', type, data: Buffer.concat(lines) }
}

/** GNU's header for a long name ('L') or a long link ('K') of the entry that follows it. */
export function long(type: 'L' | 'K', text: string | Buffer): Entry {
  return { name: '././@LongLink', type, data: Buffer.concat([Buffer.from(text), Buffer.from([0])]) }
}

export function octal(value: number, width: number): string {
  return value.toString(8).padStart(width, '0')
}

function entryPart(entry: Entry): Buffer {
  const data = Buffer.from(entry.data ?? '')
  const header = Buffer.alloc(512)
  Buffer.from(entry.name).copy(header, 0, 0, 100)
  header.write(octal(entry.mode ?? 0o644, 7), 100)
  header.write(octal(0, 7), 108)
  header.write(octal(0, 7), 116)
  if (Buffer.isBuffer(entry.size)) entry.size.copy(header, 124, 0, 12)
  else header.write(octal(entry.size ?? data.length, 11), 124)
  header.write(octal(0, 11), 136)
  header.write(entry.type ?? '0', 156)
  header.write(entry.link ?? '', 157)
  header.write('ustar\x0000', 257)
  for (const { at, bytes } of entry.over ?? []) bytes.copy(header, at)
  header.write(' '.repeat(8), 148)
  let sum = 0
  for (const byte of header) sum += byte
  header.write(`${octal(entry.checksum ?? sum, 6)}\0 `, 148)
  return Buffer.concat([header, data, Buffer.alloc((512 - (data.length % 512)) % 512)])
}
