import type { Phase, ProgressEvent } from '../model/event.ts'
import { harmlessLine } from './harmless.ts'

/** Shows progress on a stream of its own. `close` leaves the line as if nothing had been. */
export interface ProgressView {
  show(event: ProgressEvent): void
  close(): void
}

export interface ProgressTarget {
  write(text: string): void
  columns(): number
  now_ms(): number
}

export const noProgress: ProgressView = { show() {}, close() {} }

/** One line that is drawn over and over, for a terminal. */
export function progressBar(target: ProgressTarget): ProgressView {
  let drawn_ms = Number.NEGATIVE_INFINITY
  let visible = false
  return {
    show(event) {
      const at = target.now_ms()
      if (at - drawn_ms < REDRAW_MS) return
      drawn_ms = at
      visible = true
      target.write(`\r\x1b[2K${line(event, target.columns(), at)}`)
    },
    close() {
      if (visible) target.write('\r\x1b[2K')
      visible = false
    },
  }
}

/** A line when a phase begins, for logs. What came of it is the summary's to say. */
export function progressLines(target: Pick<ProgressTarget, 'write'>): ProgressView {
  const begun = new Set<Phase>()
  return {
    show({ phase }) {
      if (begun.has(phase)) return
      begun.add(phase)
      target.write(`${DOING[phase]}...\n`)
    },
    close() {},
  }
}

const REDRAW_MS = 50
const DOING: Record<Phase, string> = {
  resolve: 'Resolving',
  download: 'Downloading',
  build: 'Building',
  link: 'Installing',
}
const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

/** Done and total are the phase's; the name is what it was busy with last. */
function line(event: ProgressEvent, columns: number, at_ms: number): string {
  const frame = FRAMES[Math.floor(at_ms / 80) % FRAMES.length]
  const head = `${frame} ${DOING[event.phase]}`
  const text = `${head} ${bar(event)}${amount(event)}${event.name ? `  ${harmlessLine(event.name)}` : ''}`
  return [...text].slice(0, Math.max(1, columns - 1)).join('')
}

function bar({ done, total }: ProgressEvent): string {
  if (!total) return ''
  const width = 20
  const filled = Math.min(width, Math.round((done / total) * width))
  return `${'█'.repeat(filled)}${'░'.repeat(width - filled)} `
}

function amount({ done, total, unit }: ProgressEvent): string {
  if (unit === 'bytes') return total ? `${size(done)} of ${size(total)}` : size(done)
  const count = total && total !== done ? `${done} of ${total}` : String(done)
  return `${count} ${(total ?? done) === 1 ? unit.slice(0, -1) : unit}`
}

function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(0)} kB`
  return `${(bytes / 1_000_000).toFixed(1)} MB`
}
