import { Failure } from '../errors/failure.ts'
import { lockReplaced, notInLock } from '../errors/lock.ts'
import type { Change } from '../model/native.ts'
import type { Context } from './context.ts'
import { packages, shortPath } from './describe.ts'
import { ensureProjectEnvironment, keepsLock } from './environment.ts'
import { exclusive } from './exclusive.ts'
import { preferencesOfBothSides } from './heal.ts'
import { loadProject, type ProjectPlace } from './load.ts'
import { normalised } from './own.ts'
import { choosePython } from './python.ts'
import { checkLock, decodeLock, lockProject, packagesOf, type Upgrade } from './resolve.ts'
import { save } from './save.ts'

/** Brings the lock up to date with the manifest; touches no environment. */
export async function updateLock(context: Context, upgrade: Upgrade) {
  const first = await loadProject(context)
  return exclusive(context, first.project.root, async () => {
    const place = await loadProject(context)
    const { project } = place
    const python = await interpreterOf(context, place)
    const healed = await preferencesOfBothSides(context, place)
    const wish = { manifest: project.manifest, python, upgrade, ...(healed ? { previous: healed } : {}) } as const
    const locked = await replacingBroken(context, place, wish)
    if (keepsLock(context)) await save(context, place, { locked, manifest_text: null })
    const all = await packagesOf(context, locked)
    await warnOfUnknown(context, place, upgrade, all)
    const where = shortPath(context, project.lock_path)
    const verb = keepsLock(context) ? (locked.changed ? 'Locked' : 'Up to date:') : 'Resolved'
    return {
      result: {
        lock: keepsLock(context) ? project.lock_path : null,
        changed: locked.changed,
        packages: all.length,
        changes: locked.changes,
      },
      summary: [
        `${verb} ${packages(all.length)}${keepsLock(context) ? ` in ${where}` : ''}`,
        ...changeLines(locked.changes),
      ],
    }
  })
}

/** Letting go of what is not there does nothing; whoever asked for it may have meant another name. */
async function warnOfUnknown(context: Context, place: ProjectPlace, { packages }: Upgrade, all: { name: string }[]) {
  const known = all.map(({ name }) => name)
  for (const text of packages) {
    const name = normalised((await context.native.requirementParse({ text })).name)
    if (!known.includes(name)) context.warn(notInLock(name, shortPath(context, place.project.lock_path), known))
  }
}

export function changeLines(changes: Change[]): string[] {
  return changes.map(({ name, from, to }) =>
    from === null ? ` + ${name} ${to}` : to === null ? ` - ${name} ${from}` : ` ~ ${name} ${from} -> ${to}`,
  )
}

/** A lock that cannot be read is what this command mends; one of a newer format is somebody's work and stays. */
async function replacingBroken(context: Context, place: ProjectPlace, wish: Parameters<typeof lockProject>[2]) {
  try {
    return await lockProject(context, place, wish)
  } catch (error) {
    const problems = error instanceof Failure ? error.problems : []
    if (problems.length === 0 || !problems.every(({ code }) => REPLACED.includes(code))) throw error
    for (const problem of problems) context.warn(lockReplaced(place.project.lock_path, problem))
    return lockProject(context, place, { ...wish, previous: 'none' })
  }
}

const REPLACED = ['not-a-lock', 'truncated', 'corrupt'].map((what) => `lock/${what}`)

/** Fails with `lock/stale` unless the lock fits the manifest. */
export async function verifyLock(context: Context) {
  const place = await loadProject(context)
  const { lock_path } = place.project
  await checkLock(context, place, await interpreterOf(context, place))
  return { result: { lock: lock_path, fresh: true }, summary: [`${shortPath(context, lock_path)} is up to date`] }
}

/** The lock as data: the project's, or the one in `file`. */
export async function readLock(context: Context, file: string | null) {
  const path = file ?? (await loadProject(context)).project.lock_path
  return { path, lock: await decodeLock(context, path) }
}

export async function interpreterOf(context: Context, place: ProjectPlace): Promise<string> {
  if (context.system.env.PYBUN_ENV) return (await ensureProjectEnvironment(context, place)).python
  const { root, manifest } = place.project
  return (await choosePython(context, place, { requires_python: manifest.requires_python, directory: root })).path
}
