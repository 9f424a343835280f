import { delimiter, isAbsolute, join, resolve } from 'node:path'
import { environmentMovedAside } from '../errors/notes.ts'
import { flag } from '../model/invocation.ts'
import type { Environment } from '../model/native.ts'
import type { Program } from '../model/outcome.ts'
import { ancestors } from '../project/project.ts'
import type { Context } from './context.ts'
import { shortPath } from './describe.ts'
import type { Place, ProjectPlace } from './load.ts'
import { choosePython, findPin } from './python.ts'

/** PYBUN_ENV when set, which we use and never make; else the project's own, made when needed. */
export async function ensureProjectEnvironment(context: Context, place: ProjectPlace): Promise<Environment> {
  const chosen = await chosenEnvironment(context, place)
  if (chosen) return chosen
  const { root, manifest, environment_path } = place.project
  const interpreter = await choosePython(context, place, { requires_python: manifest.requires_python, directory: root })
  return ensureEnvironment(context, place, environment_path, interpreter.path)
}

/** The interpreter that the environment of a project has or will have. */
export async function projectPython(context: Context, place: ProjectPlace): Promise<string> {
  const chosen = await chosenEnvironment(context, place)
  if (chosen) return chosen.python
  const { root, manifest } = place.project
  return (await choosePython(context, place, { requires_python: manifest.requires_python, directory: root })).path
}

/**
 * The environment for work outside of any project: PYBUN_ENV, the nearest `.pybun/venv`, else `fallback`:
 * one beside the requirements that are being installed, or the one that all such runs share.
 */
export async function ensureLooseEnvironment(
  context: Context,
  place: Place,
  fallback: 'here' | 'shared',
): Promise<Environment> {
  const { system } = context
  const chosen = await chosenEnvironment(context, place)
  if (chosen) return chosen
  const interpreter = await choosePython(context, place, { requires_python: null, directory: system.cwd })
  const nearest = await nearestEnvironment(context, place)
  if (nearest) {
    const wanted = place.configuration.python.value !== null || (await findPin(context, place, system.cwd)) !== null
    if (wanted) return ensureEnvironment(context, place, nearest, interpreter.path)
    return context.native.environmentRead({ path: nearest, cache_dir: place.settings.cache_dir, given: false })
  }
  const version = interpreter.version.split('.').slice(0, 2).join('.')
  const path =
    fallback === 'here'
      ? join(system.cwd, '.pybun', 'venv')
      : join(place.settings.cache_dir, 'envs', 'default', `${interpreter.implementation}-${version}`)
  return ensureEnvironment(context, place, path, interpreter.path)
}

/** The one that is there: PYBUN_ENV, the project's own, or the nearest `.pybun/venv`. None is made. */
export async function existingEnvironment(context: Context, place: Place): Promise<Environment> {
  const chosen = await chosenEnvironment(context, place)
  if (chosen) return chosen
  const own = place.project?.manifest.has_project ? place.project.environment_path : null
  const path = own ?? (await nearestEnvironment(context, place)) ?? join(context.system.cwd, '.pybun', 'venv')
  return context.native.environmentRead({ path, cache_dir: place.settings.cache_dir, given: false })
}

/** One that PyBun did not make for this user is passed over: a directory above may be anybody's. */
async function nearestEnvironment({ system, native }: Context, place: Place): Promise<string | null> {
  for (const directory of ancestors(system.cwd)) {
    const path = join(directory, '.pybun', 'venv')
    if (!(await system.files.isDirectory(path))) continue
    if ((await native.environmentKnown({ path, cache_dir: place.settings.cache_dir })).known) return path
  }
  return null
}

export async function ensureEnvironment(
  context: Context,
  place: Place,
  path: string,
  python: string,
): Promise<Environment> {
  const environment = await context.native.environmentEnsure({ path, python, cache_dir: place.settings.cache_dir })
  if (environment.moved_aside) {
    const [from, to] = [path, environment.moved_aside].map((one) => shortPath(context, one))
    context.emit({ kind: 'note', ...environmentMovedAside(from ?? path, to ?? ''), loud: true })
  }
  return environment
}

/** Where an environment keeps its commands. */
export function commandsOf(environment: Environment, platform: string): string {
  return join(environment.path, platform === 'win32' ? 'Scripts' : 'bin')
}

export function pythonOf(environment: Environment, platform: string): string {
  return join(commandsOf(environment, platform), platform === 'win32' ? 'python.exe' : 'python')
}

/** The variables that a program sees when the environment is active. */
export function activation(context: Context, environment: Environment): Program['env'] {
  const { env, platform } = context.system
  const path = [commandsOf(environment, platform), ...(env.PATH ? [env.PATH] : [])].join(delimiter)
  return { VIRTUAL_ENV: environment.path, PATH: path, PYTHONHOME: null }
}

async function chosenEnvironment(context: Context, place: Place): Promise<Environment | null> {
  const { env, cwd } = context.system
  if (!env.PYBUN_ENV) return null
  const path = isAbsolute(env.PYBUN_ENV) ? env.PYBUN_ENV : resolve(cwd, env.PYBUN_ENV)
  return context.native.environmentRead({ path, cache_dir: place.settings.cache_dir, given: true })
}

/** `--no-lock`: resolve, and leave no lock behind. */
export function keepsLock(context: Context): boolean {
  return !flag(context.options, 'no-lock')
}
