import { fail } from '../errors/failure.ts'
import { unknownExtra, unknownGroup } from '../errors/project.ts'
import type { Environment, Manifest } from '../model/native.ts'
import { type Applied, apply, asApplied, fetch, plan, type Selection } from './apply.ts'
import type { Context } from './context.ts'
import { describeSync } from './describe.ts'
import { ensureProjectEnvironment, keepsLock } from './environment.ts'
import type { ProjectPlace } from './load.ts'
import { installOwn } from './own.ts'
import { type Locked, lockProject, NO_UPGRADE } from './resolve.ts'
import { save } from './save.ts'
import { stampProject } from './stamp.ts'

/** What the next `install` says when nothing has changed until then. */
export function settledOf(context: Context, place: ProjectPlace, synced: Synced) {
  const { applied, locked, own } = synced
  const kept = applied.kept + applied.changes.filter(({ op }) => op !== 'remove').length
  // Said in the project's own directory, wherever the next one is called.
  const at_root = { ...context, system: { ...context.system, cwd: place.project.root } }
  const { result, summary } = describeSync(at_root, place, {
    ...synced,
    locked: { ...locked, changed: false, changes: [] },
    applied: { changes: [], kept, downloaded: 0, built: 0, bytes: 0 },
    own: own && { ...own, changed: false },
  })
  return { text: summary.map((line) => `${line}\n`).join(''), result }
}

/** Which parts of the lock an environment gets. */
export interface Choice {
  groups: string[]
  extras: string[]
  no_dev: boolean
  reinstall: boolean
  keep_extraneous: boolean
  /** These groups, and nothing of the project. */
  only_groups?: string[]
  verify?: boolean
  require_hashes?: boolean
  /** A program starts in the environment right afterwards. */
  starts_program?: boolean
}

export interface Synced {
  environment: Environment
  locked: Locked
  applied: Applied
  own: { name: string; version: string | null; changed: boolean } | null
}

/** Lock (unless one is given), plan, fetch, save, apply: from a manifest to an environment that is ready. */
export async function syncProject(
  context: Context,
  place: ProjectPlace,
  choice: Choice,
  given: Locked | null = null,
): Promise<Synced> {
  return syncInto(context, place, choice, { environment: await ensureProjectEnvironment(context, place), given })
}

/** The same into an environment that was chosen already. The project itself comes only into one of its own. */
export async function syncInto(
  context: Context,
  place: ProjectPlace,
  choice: Choice,
  { environment, given }: { environment: Environment; given: Locked | null },
): Promise<Synced> {
  const { project } = place
  const selection = select(project.manifest, choice)
  const wish = { manifest: project.manifest, python: environment.python, upgrade: NO_UPGRADE }
  const locked = given ?? (await lockProject(context, place, wish))
  const wanted = await plan(context, place, { environment, lock: locked.lock, selection })
  const fetched = await fetch(context, place, wanted)
  if (keepsLock(context)) await save(context, place, { locked, manifest_text: null })
  const applied = await apply(context, place, wanted, fetched, choice.verify)
  if (environment.bare || selection.without_project) return { environment, locked, applied, own: null }
  const own = await installOwn(context, place, environment)
  const synced = { environment, locked, applied, own }
  // What an exact installation leaves is all that a later one could want.
  const settled = selection.keep_extraneous ? null : settledOf(context, place, synced)
  await stampProject(context, place, { environment, selection, settled })
  return synced
}

/** What `syncInto` would do. Writes nothing, and fetches no wheel. */
export async function planSync(
  context: Context,
  place: ProjectPlace,
  choice: Choice,
  environment: Environment,
): Promise<Synced> {
  const { project } = place
  const selection = select(project.manifest, choice)
  const wish = { manifest: project.manifest, python: environment.python, upgrade: NO_UPGRADE }
  const locked = await lockProject(context, place, wish)
  const wanted = await plan(context, place, { environment, lock: locked.lock, selection })
  const applied = asApplied(wanted, { downloaded: 0, built: 0, bytes: 0 })
  return { environment, locked, applied, own: null }
}

/** The group `dev` comes along unless it is refused, as with uv. */
export function select(manifest: Manifest, choice: Choice): Selection {
  const groups = Object.keys(manifest.dependency_groups)
  const extras = Object.keys(manifest.optional_dependencies)
  const only = choice.only_groups ?? []
  const group = [...choice.groups, ...only].find((name) => !groups.includes(name))
  if (group) fail(unknownGroup(group, groups))
  const extra = choice.extras.find((name) => !extras.includes(name))
  if (extra) fail(unknownExtra(extra, extras))
  const dev = groups.includes('dev') && !choice.no_dev && only.length === 0 ? ['dev'] : []
  return {
    groups: [...new Set([...dev, ...choice.groups, ...only])].sort(),
    extras: [...new Set(choice.extras)].sort(),
    reinstall: choice.reinstall,
    keep_extraneous: choice.keep_extraneous,
    project: manifest.name,
    ...(only.length ? { without_project: true } : {}),
    ...(choice.verify ? { verify: true } : {}),
    ...(choice.require_hashes ? { require_hashes: true } : {}),
    ...(choice.starts_program ? { starts_program: true } : {}),
  }
}
