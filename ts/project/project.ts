import { dirname, join } from 'node:path'
import { fail } from '../errors/failure.ts'
import { noProjectTable, projectNotFound } from '../errors/project.ts'
import type { Manifest } from '../model/native.ts'
import type { Problem } from '../model/problem.ts'
import type { Native } from '../native/native.ts'
import type { System } from '../system/system.ts'
import { readOwnText } from './owned.ts'

/** A directory with a `pyproject.toml`, and the manifest as it stood when it was read. */
export interface Project {
  root: string
  manifest_path: string
  text: string
  manifest: Manifest
  lock_path: string
  environment_path: string
}

/** The project that the working directory belongs to, or `null`; `foreign` says that there is one of another user's. */
export async function findProject(
  system: System,
  native: Native,
  admitted: string[],
): Promise<{ project: Project | null; foreign: Problem | null }> {
  const { root, foreign } = await native.projectFind({ cwd: system.cwd, admitted })
  if (root === null) return { project: null, foreign: foreign ?? null }
  const text = await readOwnText(native, { path: join(root, 'pyproject.toml'), admitted })
  return { project: text === null ? null : await projectAt(native, root, text), foreign: null }
}

/** The project in a directory with a manifest of this text, which need not be written yet. */
export async function projectAt(native: Native, root: string, text: string): Promise<Project> {
  const manifest_path = join(root, 'pyproject.toml')
  const manifest = await native.manifestParse({ text, path: manifest_path })
  return {
    root,
    manifest_path,
    text,
    manifest,
    lock_path: join(root, 'pybun.lockb'),
    environment_path: join(root, '.pybun', 'venv'),
  }
}

/** The project of `findProject`, for commands that mean nothing without one. */
export function requireProject(project: Project | null, cwd: string, foreign: Problem | null = null): Project {
  if (!project) return fail(foreign ?? projectNotFound(cwd))
  if (!project.manifest.has_project) return fail(noProjectTable(project.manifest_path))
  return project
}

export function ancestors(start: string): string[] {
  const found = [start]
  for (let at = start; dirname(at) !== at; ) {
    at = dirname(at)
    found.push(at)
  }
  return found
}
