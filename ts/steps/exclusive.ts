import type { Context } from './context.ts'

/** Does a task while no other PyBun works in the same directory; the other one waits. */
export async function exclusive<T>(context: Context, directory: string, task: () => Promise<T>): Promise<T> {
  const { token } = await context.native.lockDirectory({ path: directory })
  try {
    return await task()
  } finally {
    await context.native.unlockDirectory({ token })
  }
}
