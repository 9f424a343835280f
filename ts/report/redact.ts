/**
 * The same value with the secrets of every URL in it hidden: users, passwords, and what a query holds. What a program printed
 * itself is left alone, and so is `document`, which is a file and no message. `crates/model/src/redact/text.rs` does the same, and both are held to the cases of
 * `tests/redaction.json`.
 */
export function redact<T>(value: T, document?: string): T {
  return walk(value, null, document) as T
}

/** Of two readings of a text the one that hides more is taken, unless the other is plainly meant. */
export function redactText(text: string): string {
  if (!/[@?]/.test(text)) return text
  return text
    .split('\n')
    .map((line) => hide(line, secrets(line)))
    .join('\n')
}

function walk(value: unknown, key: string | null, document?: string): unknown {
  if (typeof value === 'string') {
    return key === 'stdout' || key === 'stderr' || value === document ? value : redactText(value)
  }
  if (Array.isArray(value)) return value.map((item) => walk(item, null, document))
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [redactText(name), walk(item, name, document)]),
    )
  }
  return value
}

interface Range {
  start: number
  end: number
}

const HIDDEN = '****'
const WHITE = /[ \t\r\v\f]/
/** Where an authority ends. */
const ENDS = /[/?#\\]/
/** What may stand before a user name and is no part of it. */
const BEFORE = '/\\=([{,;@\'"`<>|'
/** What ends a sentence or a quotation. */
const AFTER = '`\'",.;:)]}>'
/** Schemes that are known by their names, where the slashes are missing. */
const KNOWN = ['http', 'https', 'ftp', 'ssh', 'git', 'file']
const MAX_SCHEME = 40

function hide(line: string, places: Range[]): string {
  let out = ''
  let at = 0
  for (const { start, end } of places) {
    out += line.slice(at, start) + HIDDEN
    at = end
  }
  return out + line.slice(at)
}

/** Where secrets are, in order and apart. */
function secrets(line: string): Range[] {
  const out: Range[] = []
  const found = schemes(line)
  words(line, { start: 0, end: found[0]?.start ?? line.length }, out)
  for (const [number, scheme] of found.entries()) {
    const end = found[number + 1]?.start ?? line.length
    const stop = scheme.end + before(line.slice(scheme.end, end), WHITE).length
    const slashes = slashesOf(line.slice(scheme.end, stop))
    const start = scheme.end + slashes
    const rest = line.slice(start, stop)
    const at = line.slice(stop, end).indexOf('@')
    // A password with a space in it.
    if (slashes >= 2 && !rest.includes('@') && isNoHost(trimmed(before(rest, ENDS))) && at >= 0) {
      out.push({ start, end: stop + at })
      words(line, { start: stop + at, end }, out)
      continue
    }
    const is_ssh = /ssh:$/i.test(line.slice(scheme.start, scheme.end))
    ofUrl(line, { start, end: stop }, is_ssh, out)
    words(line, { start: stop, end }, out)
  }
  return out
}

/** The schemes in a line with their colons. */
function schemes(line: string): Range[] {
  const out: Range[] = []
  for (let colon = line.indexOf(':'); colon >= 0; colon = line.indexOf(':', colon + 1)) {
    const from = out.at(-1)?.end ?? 0
    const before = line.slice(Math.max(from, colon - MAX_SCHEME), colon)
    const run = /[a-z0-9+.-]*$/i.exec(before)?.[0] ?? ''
    const alpha = run.search(/[a-z]/i)
    if (alpha < 0) continue
    const start = colon - run.length + alpha
    const name = line.slice(start, colon).toLowerCase()
    // A user may have the name of a scheme.
    const is_user = out.length > 0 && /^\/*$/.test(line.slice(from, start))
    const is_known = KNOWN.includes(name.slice(name.lastIndexOf('+') + 1))
    if (line.startsWith('//', colon + 1) || (!is_user && is_known)) out.push({ start, end: colon + 1 })
  }
  return out
}

/** What follows the slashes of a URL. */
function ofUrl(line: string, place: Range, is_ssh: boolean, out: Range[]): void {
  const rest = line.slice(place.start, place.end)
  const at = userEnd(rest, is_ssh)
  const is_kept = is_ssh && !rest.slice(0, Math.max(at, 0)).includes(':')
  if (at > 0 && !is_kept && rest.slice(0, at) !== HIDDEN) out.push({ start: place.start, end: place.start + at })
  const from = place.start + Math.max(at, 0)
  const mark = from + line.slice(from, place.end).search(/[?#]/)
  if (mark < from || line[mark] !== '?') return
  const value = trimmed(before(line.slice(mark + 1, place.end), /[#`"<>]/))
  if (value) out.push({ start: mark + 1, end: mark + 1 + value.length })
}

/** The `@` behind the user, or -1. */
function userEnd(rest: string, is_ssh: boolean): number {
  const host = before(rest, ENDS)
  const last = rest.startsWith(`${HIDDEN}@`) ? -1 : rest.lastIndexOf('@')
  const at = host.lastIndexOf('@')
  if (at < 0) return isNoHost(host) ? last : -1
  // What is behind is a path with an `@`, or the password goes on.
  if (last < 0 || last === at || isPlainlyHost(host.slice(at + 1))) return at
  return is_ssh && !host.slice(0, at).includes(':') ? at : last
}

/** Words without a scheme. */
function words(line: string, place: Range, out: Range[]): void {
  let at = place.start
  for (const text of line.slice(place.start, place.end).split(WHITE)) {
    const known = out.length
    const slashes = text.includes('@') ? text.indexOf('//') : -1
    if (slashes >= 0) {
      const start = slashes + slashesOf(text.slice(slashes))
      ofUrl(line, { start: at + start, end: at + text.length }, false, out)
    }
    const hidden = out.length === known ? ofWord(text) : null
    if (hidden) out.push({ start: at + hidden.start, end: at + hidden.end })
    at += text.length + 1
  }
}

/** `user:password@` in a word. */
function ofWord(word: string): Range | null {
  const end = word.lastIndexOf('@')
  for (let colon = word.indexOf(':'); colon >= 0 && colon < end; colon = word.indexOf(':', colon + 1)) {
    let start = colon
    while (start > 0 && !BEFORE.includes(word[start - 1] as string)) start -= 1
    const is_drive = /^[a-z]:[/\\]/i.test(word.slice(start, colon + 2)) && colon - start === 1
    if (!is_drive) return { start, end }
  }
  return null
}

function before(text: string, end: RegExp): string {
  const at = text.search(end)
  return at < 0 ? text : text.slice(0, at)
}

function trimmed(text: string): string {
  let end = text.length
  while (end > 0 && AFTER.includes(text[end - 1] as string)) end -= 1
  return text.slice(0, end)
}

function slashesOf(text: string): number {
  return /^\/*/.exec(text)?.[0].length ?? 0
}

/** `host:port` has digits there, and an address of IPv6 is in brackets. */
function isNoHost(authority: string): boolean {
  const colon = authority.indexOf(':')
  return colon >= 0 && !authority.startsWith('[') && !/^\d*$/.test(authority.slice(colon + 1))
}

function isPlainlyHost(text: string): boolean {
  return /^(?:\[|[\w.-]+:\d+$|[\w.-]*\.[\w.-]*$|localhost$)/.test(text)
}
