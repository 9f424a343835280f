import { expect, it } from 'vitest'
import type { ProgressEvent } from '../model/event.ts'
import { progressBar, progressLines } from './progress.ts'

const EVENTS: ProgressEvent[] = [
  { kind: 'progress', phase: 'resolve', done: 1, unit: 'packages' },
  { kind: 'progress', phase: 'resolve', done: 12, unit: 'packages' },
  { kind: 'progress', phase: 'download', name: 'a-1.0-py3-none-any.whl', done: 1, total: 3, unit: 'packages' },
  { kind: 'progress', phase: 'download', name: 'b-1.0-py3-none-any.whl', done: 3, total: 3, unit: 'packages' },
]

it('lines say once when a phase begins', () => {
  const { written, target } = screen()
  const view = progressLines(target)
  for (const event of EVENTS) view.show(event)
  view.close()
  expect(written.join('')).toBe('Resolving...\nDownloading...\n')
})

it('a bar fits its terminal and leaves nothing behind', () => {
  const { written, target } = screen(40)
  const view = progressBar(target)
  for (const event of EVENTS) view.show(event)
  expect(written).toHaveLength(EVENTS.length)
  const drawn = written.map((text) => text.replace('\r\x1b[2K', ''))
  expect(drawn[1]).toContain('Resolving 12 packages')
  expect(drawn[2]).toContain('Downloading ███████░░░')
  expect(drawn[3]).toContain('Downloading ██████████')
  expect(drawn.every((text) => [...text].length < 40)).toBe(true)
  view.close()
  expect(written.at(-1)).toBe('\r\x1b[2K')
})

it('a bar is not drawn more often than eyes can follow', () => {
  const { written, target } = screen(80, 1)
  const view = progressBar(target)
  for (let done = 0; done < 100; done++) view.show({ kind: 'progress', phase: 'link', done, unit: 'files' })
  expect(written.length).toBe(2)
})

function screen(columns = 80, step_ms = 100) {
  const written: string[] = []
  let now_ms = 0
  const target = {
    write: (text: string) => {
      written.push(text)
    },
    columns: () => columns,
    now_ms: () => {
      now_ms += step_ms
      return now_ms
    },
  }
  return { written, target }
}
