import { basename, dirname, relative, resolve } from 'node:path'
import { badEpoch, badPylockName, lostInExport, rootsExclude } from '../errors/export.ts'
import { fail } from '../errors/failure.ts'
import type { LockRoot } from '../model/native.ts'
import type { Context } from './context.ts'
import { shortPath } from './describe.ts'
import { writeFile } from './files.ts'
import { scopeOf } from './graph.ts'
import { loadProject } from './load.ts'
import { interpreterOf } from './lock.ts'
import { normalised } from './own.ts'
import { checkReadLock } from './resolve.ts'
import { type Choice, select } from './sync.ts'

export type ExportFormat = 'requirements' | 'pylock' | 'cyclonedx'

export interface ExportWish {
  to: ExportFormat
  /** As typed; `null` for stdout. */
  output: string | null
  hashes: boolean
  choice: Choice
}

/** The lock of the project in the format of other tools. The lock has to fit the manifest. */
export async function exportProject(context: Context, wish: ExportWish) {
  const path = wish.output === null ? null : resolve(context.system.cwd, wish.output)
  if (path && wish.to === 'pylock' && !/^pylock\.([^.]+\.)?toml$/.test(basename(path))) fail(badPylockName(path))
  const place = await loadProject(context)
  const { name, version } = place.project.manifest
  const { groups, extras } = select(place.project.manifest, wish.choice)
  const roots: LockRoot[] = [
    { kind: 'project' },
    ...extras.map((extra): LockRoot => ({ kind: 'extra', name: normalised(extra) })),
    ...groups.map((group): LockRoot => ({ kind: 'group', name: normalised(group) })),
  ]
  const interpreter = await interpreterOf(context, place)
  const lock = await checkReadLock(context, place, interpreter)
  await checkConflicts(context, lock, roots)
  const { text, lost } = await context.native.lockExport(
    {
      scope: scopeOf(context, place, { roots, python: null }),
      to: wish.to,
      hashes: wish.hashes,
      to_project: path ? relative(dirname(path), place.project.root).replaceAll('\\', '/') : '',
      settings: place.settings,
      interpreter,
      subject: { name, version, made_at: epoch(context) },
    },
    lock,
    context.emit,
  )
  for (const what of lost) context.warn(lostInExport(what, wish.to))
  if (path) await writeFile(context, place.project.root, path, text)
  return { path, text, shown: path && shortPath(context, path) }
}

/** Extras and groups that exclude each other have no lock together. */
async function checkConflicts(context: Context, lock: Buffer, roots: LockRoot[]): Promise<void> {
  const view = (await context.native.lockDecode(lock)) as { conflicts?: { kind: string; name: string | null }[][] }
  for (const conflict of view.conflicts ?? []) {
    const active = roots.filter((root) =>
      conflict.some(({ kind, name }) => kind === root.kind && (root.kind === 'project' || name === root.name)),
    )
    const [first, second] = active.map(titleOf)
    if (first && second) fail(rootsExclude(first, second))
  }
}

function titleOf(root: LockRoot): string {
  return root.kind === 'project' ? 'the project' : `the ${root.kind} \`${root.name}\``
}

function epoch(context: Context): number | null {
  const typed = context.system.env.SOURCE_DATE_EPOCH
  if (!typed) return null
  return /^\d{1,11}$/.test(typed) ? Number(typed) : fail(badEpoch(typed))
}
