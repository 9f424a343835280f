import { fail } from '../errors/failure.ts'
import { manifestChanged } from '../errors/source.ts'
import type { Context } from './context.ts'
import { readProjectText, writeFile } from './files.ts'
import type { ProjectPlace } from './load.ts'
import type { Locked } from './resolve.ts'

/** The ground state: lock, then manifest, each all or nothing. What somebody else wrote meanwhile is not overwritten. */
export async function save(
  context: Context,
  place: ProjectPlace,
  wish: { locked: Locked | null; manifest_text: string | null },
): Promise<void> {
  const { project } = place
  if (wish.manifest_text !== null && (await readProjectText(context, place, project.manifest_path)) !== project.text) {
    fail(manifestChanged(project.manifest_path))
  }
  if (wish.locked?.changed) await writeFile(context, project.root, project.lock_path, wish.locked.lock)
  if (wish.manifest_text !== null && wish.manifest_text !== project.text) {
    await writeFile(context, project.root, project.manifest_path, wish.manifest_text)
  }
}
