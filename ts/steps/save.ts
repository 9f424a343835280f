import { fail } from '../errors/failure.ts'
import { manifestChanged } from '../errors/source.ts'
import type { Project } from '../project/project.ts'
import type { Context } from './context.ts'
import type { Locked } from './resolve.ts'

/** The ground state: lock, then manifest, each all or nothing. What somebody else wrote meanwhile is not overwritten. */
export async function save(
  context: Context,
  project: Project,
  wish: { locked: Locked | null; manifest_text: string | null },
): Promise<void> {
  const { files } = context.system
  if (wish.manifest_text !== null && (await files.readText(project.manifest_path)) !== project.text) {
    fail(manifestChanged(project.manifest_path))
  }
  if (wish.locked?.changed) await files.write(project.lock_path, wish.locked.lock)
  if (wish.manifest_text !== null && wish.manifest_text !== project.text) {
    await files.write(project.manifest_path, wish.manifest_text)
  }
}
