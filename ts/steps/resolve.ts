import { Failure, fail } from '../errors/failure.ts'
import { lockMissing, lockStale, ofLock } from '../errors/lock.ts'
import { indexAsked, lockKept, lockRedone } from '../errors/notes.ts'
import type {
  Change,
  ConflictItem,
  Manifest,
  ResolutionOption,
  ResolveRequest,
  Root,
  SourceSetting,
} from '../model/native.ts'
import type { Project } from '../project/project.ts'
import type { SettingKey } from '../project/setting.ts'
import type { Context } from './context.ts'
import { explain } from './explain.ts'
import { readProjectBytes } from './files.ts'
import type { Place, ProjectPlace } from './load.ts'

/** A lock in memory, and how it differs from the one on disk. */
export interface Locked {
  lock: Buffer
  /** The bytes differ from those on disk. */
  changed: boolean
  changes: Change[]
  packages: { name: string; version: string }[] | null
}

export interface Upgrade {
  all: boolean
  packages: string[]
}

export const NO_UPGRADE: Upgrade = { all: false, packages: [] }

export interface ProjectWish {
  manifest: Manifest
  python: string
  upgrade: Upgrade
  /** The manifest on disk does not have these yet. */
  adding?: Root
  /** Of an edited manifest, beside those of the configuration. */
  sources?: Record<string, SourceSetting>
}

/** The lock of a project: the one on disk while it fits the manifest, else a new one. Writes nothing. */
export async function lockProject(
  context: Context,
  place: ProjectPlace,
  wish: ProjectWish & { previous?: Buffer | 'none' | null },
): Promise<Locked> {
  const saved = await readProjectBytes(context, place, place.project.lock_path)
  const { value: url, origin } = place.configuration['index-url']
  explain(context, indexAsked(url as string | null, origin.source ?? origin.kind))
  const previous = wish.previous === 'none' ? null : (wish.previous ?? saved)
  const locked = await reading(place.project.lock_path, lockFor(context, projectRequest(place, wish), previous))
  return { ...locked, changed: !saved?.equals(locked.lock) }
}

/** Every release in a lock. */
export async function packagesOf(context: Context, locked: Locked): Promise<{ name: string; version: string }[]> {
  if (locked.packages) return locked.packages
  const view = await context.native.lockDecode(locked.lock)
  return (view.packages ?? []) as { name: string; version: string }[]
}

/** The same for any request: `previous` as long as it fits, else a resolution that prefers its versions. */
export async function lockFor(context: Context, request: ResolveRequest, previous: Buffer | null): Promise<Locked> {
  const upgrades = request.upgrade || request.upgrade_packages.length > 0
  // Asked even before an upgrade: a lock that a newer PyBun wrote is not ours to replace.
  const check = previous && (await context.native.lockCheck(request, previous))
  if (previous && check?.fresh && !upgrades) {
    explain(context, lockKept())
    return { lock: previous, changed: false, changes: [], packages: null }
  }
  explain(
    context,
    lockRedone(check ? [...check.reasons, ...(upgrades ? ['versions may move'] : [])] : ['there is no lock']),
  )
  const { resolution, lock } = await context.native.resolve(request, previous, context.emit)
  return { lock, changed: !previous?.equals(lock), changes: resolution.changes, packages: resolution.packages }
}

/** Fails unless the lock on disk fits the manifest. Uses no network. */
export async function checkLock(context: Context, place: ProjectPlace, python: string): Promise<Buffer> {
  return checked(context, place, python, [])
}

/** The same for what only reads the lock: an option that was typed for it, and that nobody states now, may stay. */
export async function checkReadLock(context: Context, place: ProjectPlace, python: string): Promise<Buffer> {
  const unsaid = OPTIONS.filter((key) => place.configuration[key].origin.kind === 'default')
  return checked(context, place, python, unsaid)
}

const OPTIONS: ResolutionOption[] = [
  'resolution',
  'prereleases',
  'exclude-newer',
  'no-binary',
  'only-binary',
  'prefer-binary',
]

async function checked(
  context: Context,
  place: ProjectPlace,
  python: string,
  unsaid: ResolutionOption[],
): Promise<Buffer> {
  const { lock_path, manifest } = place.project
  const lock = await readProjectBytes(context, place, lock_path)
  if (!lock) return fail(lockMissing(lock_path))
  const request = { ...projectRequest(place, { manifest, python, upgrade: NO_UPGRADE }), unsaid }
  const { fresh, reasons } = await reading(lock_path, context.native.lockCheck(request, lock))
  return fresh ? lock : fail(lockStale(lock_path, reasons))
}

/** The lock as data; `path` may be any file, since `git diff` hands us copies. */
export async function decodeLock(context: Context, path: string): Promise<Record<string, unknown>> {
  const lock = await context.system.files.readBytes(path)
  return lock ? reading(path, context.native.lockDecode(lock)) : fail(lockMissing(path))
}

/** What goes wrong while a lock is read is told with its file. */
export async function reading<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw error instanceof Failure ? new Failure(error.problems.map((problem) => ofLock(path, problem))) : error
  }
}

/** One lock covers every extra and group, so that choosing others later needs no resolution. */
export function projectRequest(place: Place & { project: Project }, wish: ProjectWish): ResolveRequest {
  const { manifest, adding } = wish
  const roots: Root[] = [
    { requirements: manifest.dependencies },
    ...Object.entries(manifest.optional_dependencies).map(([extra, requirements]) => ({ requirements, extra })),
    ...Object.entries(manifest.dependency_groups).map(([group, requirements]) => ({ requirements, group })),
  ]
  return {
    ...common(place),
    name: manifest.name,
    is_package: manifest.has_build_system,
    roots,
    sources: { ...(place.configuration.sources.value as Record<string, SourceSetting>), ...wish.sources },
    requires_python: manifest.requires_python,
    python: wish.python,
    target: 'universal',
    upgrade: wish.upgrade.all,
    upgrade_packages: wish.upgrade.packages,
    ...(adding ? { adding } : {}),
  }
}

/** For an environment that serves this machine alone: a script's, a tool's, or one filled by `install -r`. */
export function machineRequest(
  place: Place,
  wish: {
    requirements: string[]
    constraints?: string[]
    editables?: string[]
    hashes?: Record<string, string[]>
    requires_python?: string | null
    python: string
    upgrade?: boolean
    pre?: boolean
    no_binary?: string[]
    only_binary?: string[]
    prefer_binary?: boolean
  },
): ResolveRequest {
  const settings = common(place)
  return {
    ...settings,
    roots: [{ requirements: wish.requirements }],
    constraints: [...settings.constraints, ...(wish.constraints ?? [])],
    no_binary: [...settings.no_binary, ...(wish.no_binary ?? [])],
    only_binary: [...settings.only_binary, ...(wish.only_binary ?? [])],
    prefer_binary: settings.prefer_binary || wish.prefer_binary === true,
    ...(wish.pre ? { prereleases: 'allow' as const } : {}),
    ...(wish.editables?.length ? { editables: wish.editables } : {}),
    ...(wish.hashes ? { hashes: wish.hashes } : {}),
    requires_python: wish.requires_python ?? null,
    python: wish.python,
    target: 'machine',
    upgrade: wish.upgrade ?? false,
    upgrade_packages: [],
  }
}

function common({ settings, configuration }: Place) {
  const strings = (key: SettingKey) => configuration[key].value as string[]
  return {
    settings,
    resolution: configuration.resolution.value as ResolveRequest['resolution'],
    prereleases: configuration.prereleases.value as ResolveRequest['prereleases'],
    constraints: strings('constraints'),
    overrides: strings('overrides'),
    excludes: strings('excludes'),
    environments: strings('environments'),
    required_environments: strings('required-environments'),
    conflicts: configuration.conflicts.value as ConflictItem[][],
    exclude_newer: configuration['exclude-newer'].value as string | null,
    no_binary: strings('no-binary'),
    only_binary: strings('only-binary'),
    prefer_binary: configuration['prefer-binary'].value === true,
    indexes: settings.index_of,
  }
}
