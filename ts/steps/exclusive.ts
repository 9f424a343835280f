import { waitingForAnother } from '../errors/notes.ts'
import type { Context } from './context.ts'
import { shortPath } from './describe.ts'

/** Does a task while no other PyBun works in the same directory; the other one waits. */
export async function exclusive<T>(context: Context, directory: string, task: () => Promise<T>): Promise<T> {
  const { token } = await lock(context, directory)
  try {
    return await task()
  } finally {
    await context.native.unlockDirectory({ token })
  }
}

/** Whoever has to wait is told for what. */
async function lock(context: Context, path: string): Promise<{ token: unknown }> {
  const held = await context.native.lockDirectory({ path, waits: false })
  if (held.token !== null) return held
  context.emit({ kind: 'note', ...waitingForAnother(shortPath(context, path)), loud: true })
  return context.native.lockDirectory({ path, waits: true })
}
