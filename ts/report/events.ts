import type { Event } from '../model/event.ts'

const MOST_NOTES = 1000

/** Keeps what an envelope tells of the way: every note, and the last word on each phase. */
export function keepEvents(now_ms: () => number) {
  const progress = new Map<string, Event & { at_ms: number }>()
  const notes: (Event & { at_ms: number })[] = []
  return {
    add(event: Event): void {
      const told = { ...event, at_ms: Math.round(now_ms()) }
      if ('loud' in told) delete told.loud
      if (event.kind === 'progress') {
        progress.set(event.phase, told)
      } else if (notes.length < MOST_NOTES) notes.push(told)
    },
    all: () => [...progress.values(), ...notes].sort((a, b) => a.at_ms - b.at_ms),
  }
}
