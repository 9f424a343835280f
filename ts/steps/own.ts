import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Environment } from '../model/native.ts'
import type { Context } from './context.ts'
import { readProjectText, writeFile } from './files.ts'
import type { ProjectPlace } from './load.ts'

/**
 * Installs the project itself, editable (PEP 660), when it says how it is built. Building asks a backend, so it is
 * done again only when a manifest or the environment is another one, or when the installed one is gone.
 */
export async function installOwn(
  context: Context,
  place: ProjectPlace,
  environment: Environment,
): Promise<{ name: string; version: string | null; changed: boolean } | null> {
  const { manifest, root } = place.project
  if (!manifest.has_build_system || !manifest.name) return null
  const record = join(environment.path, 'pybun-project.json')
  const fingerprint = await fingerprintOf(context, place, environment)
  const before = await context.system.files.readText(record)
  if (before === fingerprint && (await isInstalled(context, environment, manifest.name))) {
    return { name: manifest.name, version: manifest.version, changed: false }
  }
  const installed = await context.native.installProject(
    { settings: place.settings, root, environment: environment.path, python: environment.python },
    context.emit,
  )
  await writeFile(context, environment.path, record, fingerprint)
  return { ...installed, changed: true }
}

/** What every backend reads of a project. */
export const MANIFESTS = ['pyproject.toml', 'setup.py', 'setup.cfg']

async function fingerprintOf(context: Context, place: ProjectPlace, environment: Environment): Promise<string> {
  const { project } = place
  const hash = createHash('sha256')
  for (const name of MANIFESTS) {
    const path = join(project.root, name)
    const text = name === 'pyproject.toml' ? project.text : await readProjectText(context, place, path)
    hash.update(`${name}\0${text ?? ''}\0`)
  }
  const manifest = hash.digest('hex')
  return `${JSON.stringify({ root: project.root, manifest, python: environment.version })}\n`
}

async function isInstalled(context: Context, environment: Environment, name: string): Promise<boolean> {
  const wanted = normalised(name)
  const names = await context.system.files.list(environment.site_packages)
  return names.some((found) => found.endsWith('.dist-info') && normalised(found.split('-')[0] ?? '') === wanted)
}

/** The normalised form of PEP 503. */
export function normalised(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-')
}
