import { resolve } from 'node:path'
import { Failure, fail } from '../errors/failure.ts'
import { alreadyLocked, badProjectName, notCarriedOver } from '../errors/project.ts'
import type { Problem } from '../model/problem.ts'
import type { Context } from './context.ts'
import { ignoreDerived, isName, minor, nameFrom, teachGit } from './create.ts'
import { keepsLock } from './environment.ts'
import { exclusive } from './exclusive.ts'
import { loadPlace, loadProject } from './load.ts'
import { interpreterOf } from './lock.ts'
import { choosePython } from './python.ts'
import { type Locked, lockProject, NO_UPGRADE, packagesOf } from './resolve.ts'
import { save } from './save.ts'

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
  const chosen = await choosePython(here, await loadPlace(here), { requires_python: null, directory })
  const manifest_path = resolve(directory, 'pyproject.toml')
  const before = await files.readText(manifest_path)
  const { imported, preferences } = await context.native.importForeign({
    path: resolve(cwd, wish.file),
    manifest: before,
    name,
    requires_python: `>=${minor(chosen)}`,
  })
  for (const what of imported.lost) context.warn(notCarriedOver(what, wish.file))
  const written = await ignoreDerived(context, directory)
  if (imported.manifest !== before) {
    await files.write(manifest_path, imported.manifest)
    written.push('pyproject.toml')
  }
  const git_diff = await teachGit(context, directory)
  const locked = keepsLock(context) ? await lockPreferring(here, preferences) : null
  const packages = locked ? await packagesOf(here, locked.locked) : []
  if (locked) written.push('pybun.lockb')
  return {
    directory,
    name: locked?.name ?? name,
    python: minor(chosen),
    written: written.sort(),
    git_diff,
    imported: {
      file: resolve(cwd, wish.file),
      kind: imported.kind,
      requirements: imported.requirements,
      packages: packages.length,
      moved: movedFrom(imported.pins, packages),
    },
  }
}

async function lockPreferring(context: Context, previous: Buffer): Promise<{ locked: Locked; name: string | null }> {
  try {
    const first = await loadProject(context)
    return await exclusive(context, first.project.root, async () => {
      const place = await loadProject(context)
      const { project } = place
      const python = await interpreterOf(context, place)
      const wish = { manifest: project.manifest, python, upgrade: NO_UPGRADE, previous }
      const locked = await lockProject(context, place, wish)
      await save(context, project, { locked, manifest_text: null })
      return { locked, name: project.manifest.name }
    })
  } catch (error) {
    throw error instanceof Failure ? new Failure(error.problems.map(afterManifest)) : error
  }
}

function afterManifest(problem: Problem): Problem {
  const written = 'pyproject.toml is written; when it is mended, the same command goes on from there'
  return { ...problem, hint: problem.hint ? `${problem.hint}. ${written}` : written }
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
