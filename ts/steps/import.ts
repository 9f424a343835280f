import { resolve } from 'node:path'
import { Failure, fail } from '../errors/failure.ts'
import { alreadyLocked, badProjectName, listedAsRequired, notCarriedOver, notPlaced } from '../errors/project.ts'
import { manifestChanged } from '../errors/source.ts'
import type { Problem } from '../model/problem.ts'
import { projectAt, requireProject } from '../project/project.ts'
import type { Context } from './context.ts'
import { ignoreDerived, isName, minor, nameFrom, teachGit } from './create.ts'
import { keepsLock } from './environment.ts'
import { exclusive } from './exclusive.ts'
import { readProjectText, writeFile } from './files.ts'
import { loadGiven, loadPlace, type Place } from './load.ts'
import { interpreterOf } from './lock.ts'
import { choosePython } from './python.ts'
import { type Locked, lockProject, NO_UPGRADE, packagesOf } from './resolve.ts'

export interface ImportWish {
  /** The file of the other tool, as typed. */
  file: string
  /** The directory of the project, as typed; the working directory when `null`. */
  path: string | null
  name: string | null
}

/** Makes a project, or completes one, from what another tool kept; versions that were locked are preferred. */
export async function importProject(context: Context, wish: ImportWish) {
  const { cwd, files } = context.system
  const directory = resolve(cwd, wish.path ?? '.')
  const name = wish.name ?? nameFrom(directory)
  if (!isName(name)) fail(badProjectName(name))
  // From here on as if it had been called in the project's directory.
  const here: Context = { ...context, system: { ...context.system, cwd: directory } }
  const lock_path = resolve(directory, 'pybun.lockb')
  if (keepsLock(context) && (await files.isFile(lock_path))) fail(alreadyLocked(lock_path))
  const place = await loadPlace(here)
  const chosen = await choosePython(here, place, { requires_python: null, directory })
  const manifest_path = resolve(directory, 'pyproject.toml')
  const before = await readProjectText(here, place, manifest_path)
  const read = (required: string[]) =>
    context.native.importForeign({
      path: resolve(cwd, wish.file),
      manifest: before,
      name,
      requires_python: `>=${minor(chosen)}`,
      required,
    })
  const first = await read([])
  const { unplaced, lost } = first.imported
  if (unplaced.length && !saysIndex(place)) fail(notPlaced(unplaced, wish.file, typedAgain(wish, '--index-url', 'URL')))
  for (const what of [...lost, ...unplaced]) context.warn(notCarriedOver(what, wish.file))
  if (!keepsLock(context) && first.imported.kind === 'pylock')
    context.warn(notCarriedOver('which extras are required, as only a lock shows', wish.file))
  const lock = (of: Read) => lockPreferring(here, directory, of)
  const made = keepsLock(context)
    ? await lockedWhole(context, wish, { first, read, lock })
    : { imported: first.imported, locked: null, packages: [] }
  const { imported, locked, packages } = made
  const save = async () => {
    if ((await readProjectText(here, place, manifest_path)) !== before) fail(manifestChanged(manifest_path))
    const written = await ignoreDerived(context, directory)
    if (imported.manifest !== before) {
      await writeFile(here, directory, manifest_path, imported.manifest)
      written.push('pyproject.toml')
    }
    if (locked) await writeFile(here, directory, lock_path, locked.locked.lock)
    return locked ? [...written, 'pybun.lockb'] : written
  }
  const written = locked ? await exclusive(context, directory, save) : await save()
  return {
    directory,
    name: locked?.name ?? name,
    python: minor(chosen),
    written: written.sort(),
    git_diff: await teachGit(context, directory),
    imported: {
      file: resolve(cwd, wish.file),
      kind: imported.kind,
      requirements: imported.requirements,
      packages: packages.length,
      moved: movedFrom(imported.pins, packages),
    },
  }
}

type Read = Awaited<ReturnType<Context['native']['importForeign']>>

interface InMemory {
  locked: Locked
  name: string | null
}

/** A lock in memory. `pylock.toml` does not say which extras are required: what they bring is listed as required. */
async function lockedWhole(
  context: Context,
  wish: ImportWish,
  {
    first,
    read,
    lock,
  }: { first: Read; read: (required: string[]) => Promise<Read>; lock: (of: Read) => Promise<InMemory> },
) {
  try {
    const locked = await lock(first)
    const packages = await packagesOf(context, locked.locked)
    const { imported } = first
    const has = new Set(packages.map((release) => release.name))
    const lacking = [...new Set(imported.pins.map((pin) => pin.name))].filter((pin) => !has.has(pin))
    if (imported.kind !== 'pylock' || !lacking.length) return { imported, locked, packages }
    context.warn(listedAsRequired(lacking, wish.file))
    const second = await read(lacking)
    const whole = await lock(second)
    return { imported: second.imported, locked: whole, packages: await packagesOf(context, whole.locked) }
  } catch (error) {
    throw error instanceof Failure ? new Failure(error.problems.map((one) => nothingWritten(one, wish))) : error
  }
}

async function lockPreferring(context: Context, directory: string, { imported, preferences }: Read): Promise<InMemory> {
  const project = await projectAt(context.native, directory, imported.manifest)
  const place = await loadGiven(context, project)
  requireProject(project, directory)
  const python = await interpreterOf(context, place)
  const wish = { manifest: project.manifest, python, upgrade: NO_UPGRADE, previous: preferences }
  return { locked: await lockProject(context, place, wish), name: project.manifest.name }
}

/** What was proposed for a manifest helps only when there is one. */
function nothingWritten({ fix: _, ...problem }: Problem, wish: ImportWish): Problem {
  const command = typedAgain(wish, '--no-lock')
  const hint = 'Nothing was written; without a lock the project is made, and can be mended there'
  return {
    ...problem,
    hint: problem.hint ? `${problem.hint}. ${hint}` : hint,
    fix: { command, safety: 'review' },
  }
}

function typedAgain({ file, path, name }: ImportWish, ...more: string[]): string[] {
  return ['pybun', ...more, 'init', '--from', file, ...(name === null ? [] : ['--name', name]), ...(path ? [path] : [])]
}

/** Whether the person said which index to ask, now or for all projects. */
function saysIndex({ configuration }: Place): boolean {
  const places = ['index-url', 'find-links', 'no-index'] as const
  const kinds = ['command-line', 'environment', 'user-configuration']
  return places.some((key) => kinds.includes(configuration[key].origin.kind))
}

interface Release {
  name: string
  version: string
}

/** Versions that were locked and are no longer. What nothing requires any more has not moved. */
function movedFrom(pins: Release[], packages: Release[]): { name: string; from: string; to: string }[] {
  return pins.flatMap(({ name, version }) => {
    const now = packages.filter((found) => found.name === name).map((found) => found.version)
    return now.length === 0 || now.includes(version) ? [] : [{ name, from: version, to: now.join(', ') }]
  })
}
