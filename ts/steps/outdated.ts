import { fail } from '../errors/failure.ts'
import { notInLock } from '../errors/lock.ts'
import { unknownExtra, unknownGroup } from '../errors/project.ts'
import type { Outdated } from '../model/native.ts'
import type { Context } from './context.ts'
import { shortPath } from './describe.ts'
import { lockOf } from './graph.ts'
import { loadProject } from './load.ts'
import { interpreterOf } from './lock.ts'
import { normalised } from './own.ts'
import { checkReadLock, NO_UPGRADE, projectRequest } from './resolve.ts'

export interface OutdatedWish {
  names: string[]
  all: boolean
  groups: string[]
  extras: string[]
}

/** What the index has newer than the lock of the project. The lock has to fit the manifest. */
export async function findOutdated(context: Context, wish: OutdatedWish): Promise<Outdated[]> {
  const place = await loadProject(context)
  const { manifest, lock_path } = place.project
  checkNames(wish.groups, Object.keys(manifest.dependency_groups), unknownGroup)
  checkNames(wish.extras, Object.keys(manifest.optional_dependencies), unknownExtra)
  await lockOf(context, place)
  const python = await interpreterOf(context, place)
  const lock = await checkReadLock(context, place, python)
  const { packages: locked } = (await context.native.lockDecode(lock)) as { packages: { name: string }[] }
  const known = locked.map(({ name }) => name)
  const names = wish.names.map(normalised)
  for (const name of names) if (!known.includes(name)) fail(notInLock(name, shortPath(context, lock_path), known))
  const request = projectRequest(place, { manifest, python, upgrade: NO_UPGRADE })
  const { packages } = await context.native.lockOutdated(request, lock, context.emit)
  return packages.filter((found) => isWanted(found, { ...wish, names }))
}

function checkNames(names: string[], known: string[], problem: typeof unknownGroup): void {
  const unknown = names.find((name) => !known.includes(normalised(name)))
  if (unknown) fail(problem(unknown, known))
}

function isWanted({ name, required_by }: Outdated, wish: OutdatedWish): boolean {
  if (wish.names.length) return wish.names.includes(name)
  if (wish.groups.length || wish.extras.length) {
    return required_by.some((root) => {
      const among = root.kind === 'group' ? wish.groups : root.kind === 'extra' ? wish.extras : []
      return root.name !== null && among.map(normalised).includes(root.name)
    })
  }
  return wish.all || required_by.length > 0
}
