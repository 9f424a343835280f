import { fail } from '../errors/failure.ts'
import { lockMissing, notInLock } from '../errors/lock.ts'
import type { GraphScope, LockRoot, WhyChains } from '../model/native.ts'
import type { Context } from './context.ts'
import { shortPath } from './describe.ts'
import { readProjectBytes } from './files.ts'
import { loadProject, type ProjectPlace } from './load.ts'
import { interpreterOf } from './lock.ts'
import { normalised } from './own.ts'
import { reading } from './resolve.ts'

/** The lock of the project as trees. */
export async function readTree(
  context: Context,
  wish: { depth: number | null; invert: boolean; packages: string[]; universal: boolean },
) {
  const place = await loadProject(context)
  const lock = await lockOf(context, place)
  const python = wish.universal ? null : await interpreterOf(context, place)
  const scope = scopeOf(context, place, { roots: null, python })
  for (const name of wish.packages) await whyIn(context, place, name)
  const { trees } = await reading(place.project.lock_path, context.native.lockTree({ scope, ...wish }, lock))
  return { project: place.project.manifest.name, lock: place.project.lock_path, python, trees }
}

/** Why the lock of the project has a package. */
export async function readWhy(context: Context, name: string): Promise<WhyChains> {
  return whyIn(context, await loadProject(context), name)
}

/** Fails with the nearest name when the lock has none of this. */
async function whyIn(context: Context, place: ProjectPlace, name: string): Promise<WhyChains> {
  const scope = scopeOf(context, place, { roots: null, python: null })
  const lock = await lockOf(context, place)
  const found = await reading(place.project.lock_path, context.native.lockWhy({ scope, name }, lock))
  if (found.versions.length) return found
  return fail(notInLock(normalised(name), shortPath(context, place.project.lock_path), found.known))
}

export async function lockOf(context: Context, place: ProjectPlace): Promise<Buffer> {
  const { lock_path } = place.project
  return (await readProjectBytes(context, place, lock_path)) ?? fail(lockMissing(lock_path))
}

export function scopeOf(
  context: Context,
  { project, settings }: ProjectPlace,
  wish: { roots: LockRoot[] | null; python: string | null },
): GraphScope {
  const one_by_one = wish.roots === null
  return { ...wish, one_by_one, project: project.manifest.name, cwd: context.system.cwd, cache_dir: settings.cache_dir }
}
