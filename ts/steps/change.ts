import { Failure } from '../errors/failure.ts'
import type { SourceSetting, Table } from '../model/native.ts'
import type { Problem } from '../model/problem.ts'
import { apply, fetch, plan } from './apply.ts'
import type { Context } from './context.ts'
import type { Edited } from './edit.ts'
import { ensureProjectEnvironment, keepsLock, projectPython } from './environment.ts'
import type { ProjectPlace } from './load.ts'
import { installOwn } from './own.ts'
import { type Locked, lockProject, NO_UPGRADE } from './resolve.ts'
import { save } from './save.ts'
import { stampProject } from './stamp.ts'
import { type Synced, select, settledOf } from './sync.ts'

export interface Wish {
  /** The one that is edited. */
  table: Table
  /** What other groups and extras brought stays. */
  keep_extraneous: boolean
}

/**
 * Carries an edited manifest through: resolve, plan, fetch, save, apply. Until the resolution stands and every wheel
 * is in the store nothing of the user's changes; after *save* a failure is mended by `pybun install`.
 */
export async function changeProject(
  context: Context,
  place: ProjectPlace,
  { table, keep_extraneous }: Wish,
  edit: (
    lock: (edited: Edited, previous: Buffer | null) => Promise<Locked>,
  ) => Promise<{ edited: Edited; locked: Locked }>,
): Promise<Synced> {
  // A resolution that fails leaves no environment behind.
  const python = await projectPython(context, place)
  const { edited, locked } = await edit(({ manifest, adding, sources }, previous) => {
    const draft = { manifest, ...(adding ? { adding } : {}), ...(sources ? { sources } : {}) }
    return lockProject(context, place, { ...draft, python, upgrade: NO_UPGRADE, previous })
  })
  const environment = await ensureProjectEnvironment(context, place)
  const selection = select(edited.manifest, {
    groups: namedIf(table, 'group', edited.manifest.dependency_groups),
    extras: namedIf(table, 'extra', edited.manifest.optional_dependencies),
    no_dev: false,
    reinstall: false,
    keep_extraneous: false,
  })
  const exact = await plan(context, place, { environment, lock: locked.lock, selection })
  const keeps = keep_extraneous && exact.ops.some(({ op }) => op === 'remove')
  const kept = { environment, lock: locked.lock, selection: { ...selection, keep_extraneous: true } }
  const wanted = keeps ? await plan(context, place, kept) : exact
  const fetched = await fetch(context, place, wanted)
  await save(context, place, { locked: keepsLock(context) ? locked : null, manifest_text: edited.text })
  const after = afterEdit(place, edited)
  try {
    const applied = await apply(context, after, wanted, fetched)
    const own = await installOwn(context, after, environment)
    const synced = { environment, locked, applied, own }
    // An `install` would take away what was kept.
    const settled = keeps ? null : settledOf(context, after, synced)
    await stampProject(context, after, { environment, selection, settled })
    return synced
  } catch (error) {
    throw error instanceof Failure ? new Failure(error.problems.map(repairable)) : error
  }
}

function afterEdit(place: ProjectPlace, { text, manifest, sources }: Edited): ProjectPlace {
  const { configuration } = place
  const known = configuration.sources.value as Record<string, SourceSetting>
  return {
    ...place,
    project: { ...place.project, text, manifest },
    configuration: { ...configuration, sources: { ...configuration.sources, value: { ...known, ...sources } } },
  }
}

/** The group or extra that was edited is installed along, unless the edit emptied it away. */
function namedIf({ table, table_name }: Table, wanted: Table['table'], present: Record<string, unknown>): string[] {
  return table === wanted && table_name && table_name in present ? [table_name] : []
}

function repairable(problem: Problem): Problem {
  const saved = 'pyproject.toml and pybun.lockb are saved; `pybun install` completes the environment'
  return {
    ...problem,
    hint: problem.hint ? `${problem.hint}. ${saved}` : saved,
    fix: problem.fix ?? { command: ['pybun', 'install'], safety: 'safe' },
  }
}
