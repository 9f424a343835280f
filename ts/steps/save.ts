import type { Project } from '../project/project.ts'
import type { Context } from './context.ts'
import type { Locked } from './resolve.ts'

/** The ground state: lock, then manifest, each all or nothing. */
export async function save(
  context: Context,
  project: Project,
  wish: { locked: Locked | null; manifest_text: string | null },
): Promise<void> {
  const { files } = context.system
  if (wish.locked?.changed) await files.write(project.lock_path, wish.locked.lock)
  if (wish.manifest_text !== null && wish.manifest_text !== project.text) {
    await files.write(project.manifest_path, wish.manifest_text)
  }
}
