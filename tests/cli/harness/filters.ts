import { readFileSync } from 'node:fs'
import { python, type Sandbox } from './sandbox.ts'

const { version: PYBUN_VERSION } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'))

/** How a terminal's control sequence begins, in a pattern. */
const CONTROL = `${String.fromCharCode(27)}\\[`

/** `python: false` leaves versions alone that only look like the interpreter's, as in a help text. */
export interface Filters {
  box: Sandbox
  port: number
  python: boolean
}

/** Takes out of a text what differs from run to run or machine to machine; nothing else. */
export function filter(text: string, { box, port, python: hasPython }: Filters): string {
  const { version, executable } = python()
  const literal: [string, string][] = [
    [box.root, '[ROOT]'],
    [executable, '[PYTHON]'],
    [executable.slice(0, executable.lastIndexOf('/')), '[PYTHON_BIN]'],
    [`127.0.0.1:${port}`, '[INDEX]'],
  ]
  let result = text.replaceAll('\r\n', '\n')
  for (const [from, to] of literal) result = result.replaceAll(from, to)
  if (hasPython) result = withoutPython(result, version)
  return result
    .replace(new RegExp(`\\bpybun ${literally(PYBUN_VERSION)}\\b`, 'g'), 'pybun [VERSION]')
    .replace(/(\/tmp\/[a-z]+-)[A-Za-z0-9]{6}\b/g, '$1[RANDOM]')
    .replace(/\/tmp\/b[A-Za-z0-9]{6}\/hook-[A-Za-z0-9]{6}/g, '/tmp/[RANDOM]')
    .replace(/\/tmp\/b[A-Za-z0-9]{6}\//g, '/tmp/[RANDOM]/')
    .replace(/(\/logs\/[\w.-]+-)[A-Za-z0-9]{6}\.log/g, '$1[RANDOM].log')
    .replace(/^ *"[ ~^]+",\n/gm, '')
    .replace(/\bcp\[XY\]-cp\[XY\]-\w+/g, 'cp[XY]-cp[XY]-[PLATFORM]')
    .replace(/\b[0-9a-f]{64}\b/g, '[SHA256]')
    .replace(/\b[0-9a-f]{32}\b/g, '[KEY]')
    .replace(/\b\d+(\.\d+)?\s?(ms|s)\b/g, '[TIME]')
    .replace(/"(duration_ms|pid|size|bytes)": \d+/g, '"$1": "[N]"')
    .replace(/\b\d+(\.\d+)? ?(B|KB|KiB|MB|MiB)\b/g, '[SIZE]')
}

/**
 * What a terminal showed, as lines of text: no colours and cursor movements, and no line that was still being typed or
 * that showed progress: how often that is drawn is the clock's.
 */
export function settledLines(shown: string): string {
  const lines = shown.replaceAll('\r\n', '\n').replace(new RegExp(`${CONTROL}\\d+A|\\r${CONTROL}2K`, 'g'), '\n')
  const plain = lines.replace(new RegExp(`${CONTROL}[?\\d;]*[A-Za-z]`, 'g'), '')
  return plain
    .split('\n')
    .filter((line) => !/[█◆└]|^[\u2801-\u28ff] |^\s*│?\s*$/.test(line))
    .join('\n')
}

/** PyBun's own version where a result states it. */
export function withoutVersion(envelope: Record<string, unknown>): Record<string, unknown> {
  if (envelope.command !== 'version' && envelope.command !== 'help') return envelope
  return { ...envelope, result: { ...(envelope.result as object), version: '[VERSION]' } }
}

/** The envelope with its events reduced to which kinds there were: their number and order are the scheduler's. */
export function withoutEventCounts(envelope: Record<string, unknown>): Record<string, unknown> {
  const events = Array.isArray(envelope.events) ? envelope.events : []
  const kinds = events.map((event) => [event.kind ?? event.type, event.phase ?? event.code].filter(Boolean).join(' '))
  return { ...envelope, events: [...new Set(kinds)].sort() }
}

function withoutPython(text: string, version: string): string {
  const short = version.split('.').slice(0, 2).join('.')
  return text
    .replace(new RegExp(`(?<![\\d.])${literally(version)}(?![\\d.])`, 'g'), '[X.Y.Z]')
    .replace(new RegExp(`(?<![\\d.])${literally(short)}(?![\\d.]\\d)(?!\\d)`, 'g'), '[X.Y]')
    .replace(new RegExp(`\\b(cp|py)${short.replace('.', '')}\\b`, 'g'), '$1[XY]')
}

function literally(text: string): string {
  return text.replaceAll('.', '\\.')
}
