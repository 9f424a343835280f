import type { NoteEvent } from '../model/event.ts'
import { flag } from '../model/invocation.ts'
import type { Context } from './context.ts'

/** Says with `--verbose` what was chosen, and why. */
export function explain(context: Context, note: Pick<NoteEvent, 'code' | 'message'>): void {
  if (flag(context.options, 'verbose')) context.emit({ kind: 'note', ...note })
}
