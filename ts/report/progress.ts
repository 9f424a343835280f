import type { Phase, ProgressEvent } from '../model/event.ts'

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
  const phases = tally()
  let drawn_ms = Number.NEGATIVE_INFINITY
  let visible = false
  return {
    show(event) {
      const state = phases.add(event)
      const at = target.now_ms()
      if (at - drawn_ms < REDRAW_MS) return
      drawn_ms = at
      visible = true
      target.write(`\r\x1b[2K${line(event, state, target.columns(), at)}`)
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

interface State {
  done: number
  total: number | null
}

/** An event without a name speaks for the whole phase; those with names are added up. */
function tally() {
  const whole = new Map<Phase, State>()
  const parts = new Map<Phase, Map<string, State>>()
  const of = (phase: Phase): State => {
    const known = whole.get(phase)
    if (known) return known
    const all = [...(parts.get(phase)?.values() ?? [])]
    const total = all.reduce<number | null>(
      (sum, { total }) => (sum === null || total === null ? null : sum + total),
      0,
    )
    return { done: all.reduce((sum, { done }) => sum + done, 0), total: all.length ? total : null }
  }
  return {
    of,
    add(event: ProgressEvent): State {
      const state = { done: event.done, total: event.total ?? null }
      if (event.name === undefined) whole.set(event.phase, state)
      else {
        const named = parts.get(event.phase) ?? new Map<string, State>()
        parts.set(event.phase, named.set(event.name, state))
      }
      return of(event.phase)
    },
  }
}

function line(event: ProgressEvent, state: State, columns: number, at_ms: number): string {
  const frame = FRAMES[Math.floor(at_ms / 80) % FRAMES.length]
  const head = `${frame} ${DOING[event.phase]}`
  const text = `${head} ${bar(state)}${amount(state, event.unit)}${event.name ? `  ${event.name}` : ''}`
  return [...text].slice(0, Math.max(1, columns - 1)).join('')
}

function bar({ done, total }: State): string {
  if (!total) return ''
  const width = 20
  const filled = Math.min(width, Math.round((done / total) * width))
  return `${'█'.repeat(filled)}${'░'.repeat(width - filled)} `
}

function amount({ done, total }: State, unit: ProgressEvent['unit']): string {
  if (unit === 'bytes') return total ? `${size(done)} of ${size(total)}` : size(done)
  const count = total && total !== done ? `${done} of ${total}` : String(done)
  return `${count} ${done === 1 && !total ? unit.slice(0, -1) : unit}`
}

function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(0)} kB`
  return `${(bytes / 1_000_000).toFixed(1)} MB`
}
