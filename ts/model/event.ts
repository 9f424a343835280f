/** What happens while a command works. Nothing reads an event back: it only leaves, sideways. */
export type Event = ProgressEvent | NoteEvent

export interface ProgressEvent {
  kind: 'progress'
  phase: Phase
  name?: string
  done: number
  total?: number
  unit: 'packages' | 'bytes' | 'files'
}

export interface NoteEvent {
  kind: 'note'
  code: string
  message: string
  /** A person is shown it even without `--verbose`. */
  loud?: true
}

export type Phase = 'resolve' | 'download' | 'build' | 'link'

export type Emit = (event: Event) => void
