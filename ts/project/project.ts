import { dirname, join } from 'node:path'
import { fail } from '../errors/failure.ts'
import { noProjectTable, projectNotFound } from '../errors/project.ts'
import type { Manifest } from '../model/native.ts'
import type { Native } from '../native/native.ts'
import type { System } from '../system/system.ts'

/** A directory with a `pyproject.toml`, and the manifest as it stood when it was read. */
export interface Project {
  root: string
  manifest_path: string
  text: string
  manifest: Manifest
  lock_path: string
  environment_path: string
}

/** The project that the working directory belongs to, or `null`. */
export async function findProject(system: System, native: Native): Promise<Project | null> {
  for (const root of ancestors(system.cwd)) {
    const text = await system.files.readText(join(root, 'pyproject.toml'))
    if (text !== null) return projectAt(native, root, text)
  }
  return null
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
export function requireProject(project: Project | null, cwd: string): Project {
  if (!project) return fail(projectNotFound(cwd))
  if (!project.manifest.has_project) return fail(noProjectTable(project.manifest_path))
  return project
}

/** The text of the nearest `.python-version`, from `start` upwards. */
export async function findPin(system: System, start: string): Promise<string | null> {
  for (const directory of ancestors(start)) {
    const text = await system.files.readText(join(directory, '.python-version'))
    if (text?.trim()) return text
  }
  return null
}

export function ancestors(start: string): string[] {
  const found = [start]
  for (let at = start; dirname(at) !== at; ) {
    at = dirname(at)
    found.push(at)
  }
  return found
}
