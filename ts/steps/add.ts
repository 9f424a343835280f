import type { Table } from '../model/native.ts'
import { changeProject } from './change.ts'
import type { Context } from './context.ts'
import { describeSync } from './describe.ts'
import { pendingRequirements, withLowerBounds, withoutNames, withRequirements } from './edit.ts'
import { projectPython } from './environment.ts'
import { exclusive } from './exclusive.ts'
import { loadProject } from './load.ts'
import { packagesOf } from './resolve.ts'
import type { PlaceOptions } from './source.ts'

/** Adds requirements to a table of the manifest, and to lock and environment. */
export async function addRequirements(
  context: Context,
  wish: { typed: string[]; table: Table; options: PlaceOptions },
) {
  const first = await loadProject(context)
  return exclusive(context, first.project.root, async () => {
    // Read again: the one that held the lock before us may have edited the manifest.
    const place = await loadProject(context)
    const { project } = place
    const python = await projectPython(context, place)
    const pending = await pendingRequirements(context, place, { ...wish, python })
    let added = pending
    const change = { table: wish.table, keep_extraneous: true }
    const synced = await changeProject(context, place, change, async (lock) => {
      const draft = await withRequirements(context, project, { requirements: pending, table: wish.table })
      const locked = await lock(draft, null)
      added = withLowerBounds(pending, await packagesOf(context, locked))
      const edited = await withRequirements(context, project, { requirements: added, table: wish.table })
      return { edited, locked: edited.text === draft.text ? locked : await lock(edited, locked.lock) }
    })
    return {
      ...describeSync(context, place, synced),
      added: added.map(({ text }) => text),
      manifest: project.manifest_path,
    }
  })
}

/** Removes names from a table of the manifest, and what only they needed from lock and environment. */
export async function removeRequirements(context: Context, wish: { names: string[]; table: Table }) {
  const first = await loadProject(context)
  return exclusive(context, first.project.root, async () => {
    const place = await loadProject(context)
    const { project } = place
    let removed: string[] = []
    const change = { table: wish.table, keep_extraneous: false }
    const synced = await changeProject(context, place, change, async (lock) => {
      const edited = await withoutNames(context, project, wish)
      removed = edited.removed
      return { edited, locked: await lock(edited, null) }
    })
    return { ...describeSync(context, place, synced), removed, manifest: project.manifest_path }
  })
}
