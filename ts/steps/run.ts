import { isAbsolute, join, resolve } from 'node:path'
import { fail } from '../errors/failure.ts'
import { fileNotFound, targetNotFound } from '../errors/run.ts'
import type { Environment } from '../model/native.ts'
import type { Outcome, Program } from '../model/outcome.ts'
import { absoluteDirectories } from '../system/programs.ts'
import { bringsAny } from './apply.ts'
import type { Context } from './context.ts'
import { activation, commandsOf, ensureLooseEnvironment, pythonOf } from './environment.ts'
import { exclusive } from './exclusive.ts'
import { loadPlace, loadProject } from './load.ts'
import { ensureScript, readScript } from './script.ts'
import { type Ready, start } from './start.ts'
import { syncProject } from './sync.ts'

/** What `pybun run` was asked to run. */
export type Target =
  | { kind: 'module'; name: string }
  | { kind: 'code'; text: string }
  | { kind: 'stdin' }
  /** A file, a command of the environment, or one on PATH. */
  | { kind: 'named'; name: string }

/** Runs a target in the environment that belongs to it. */
export async function runTarget(context: Context, target: Target, args: string[]): Promise<Outcome> {
  const file = target.kind === 'named' ? await fileOf(context, target.name) : null
  const script = file && (await readScript(context, file))
  if (script) {
    const ready = await ensureScript(context, script)
    const { environment } = ready
    const program = inPython(context, environment, [target.kind === 'named' ? target.name : script.path, ...args])
    return start(context, ready, program, { target: script.path, environment: environment.path })
  }
  const ready = await ensureWorkEnvironment(context)
  const { environment } = ready
  const program = await programFor(context, environment, { target, file, args })
  return start(context, ready, program, { target: nameOf(target), environment: environment.path })
}

async function ensureWorkEnvironment(context: Context): Promise<Ready> {
  const place = await loadPlace(context)
  const { project, settings } = place
  if (!project?.manifest.has_project) {
    const locks = join(place.settings.cache_dir, 'locks', 'default')
    const environment = await exclusive(context, locks, () => ensureLooseEnvironment(context, place, 'shared'))
    return { environment, settings, changed: false }
  }
  return exclusive(context, project.root, async () => {
    const none = { groups: [], extras: [], no_dev: false, reinstall: false }
    const choice = { ...none, keep_extraneous: true, starts_program: true }
    const { environment, applied } = await syncProject(context, await loadProject(context), choice)
    return { environment, settings, changed: bringsAny(applied) }
  })
}

async function programFor(
  context: Context,
  environment: Environment,
  { target, file, args }: { target: Target; file: string | null; args: string[] },
): Promise<Program> {
  switch (target.kind) {
    case 'module':
      return inPython(context, environment, ['-m', target.name, ...args])
    case 'code':
      return inPython(context, environment, ['-c', target.text, ...args])
    case 'stdin':
      return inPython(context, environment, ['-', ...args])
    case 'named': {
      if (file) return inPython(context, environment, [target.name, ...args])
      const program = await commandPath(context, environment, target.name)
      return { program, args, env: activation(context, environment) }
    }
  }
}

function inPython(context: Context, environment: Environment, args: string[]): Program {
  const program = pythonOf(environment, context.system.platform)
  return { program, args, env: activation(context, environment) }
}

/** The absolute path of a target that is a file or a directory with a `__main__.py`; `null` for a command. */
async function fileOf(context: Context, name: string): Promise<string | null> {
  const { files, cwd } = context.system
  const path = resolve(cwd, name)
  if (await files.isFile(path)) return path
  if ((await files.isDirectory(path)) && (await files.isFile(join(path, '__main__.py')))) return path
  if (/\.(py|pyw|pyz)$/.test(name) || (/[\\/]/.test(name) && !isAbsolute(name))) return fail(fileNotFound(path))
  return null
}

async function commandPath(context: Context, environment: Environment, name: string): Promise<string> {
  const { env, platform, files } = context.system
  const own = commandsOf(environment, platform)
  const suffixes = platform === 'win32' ? ['', '.exe', '.cmd', '.bat'] : ['']
  for (const directory of [own, ...absoluteDirectories(env.PATH)]) {
    for (const suffix of suffixes) {
      const path = isAbsolute(name) ? name + suffix : join(directory, name + suffix)
      if (await files.isFile(path)) return path
    }
  }
  return fail(targetNotFound(name, await files.list(own)))
}

function nameOf(target: Target): string {
  switch (target.kind) {
    case 'module':
    case 'named':
      return target.name
    case 'code':
      return '-c'
    case 'stdin':
      return '-'
  }
}
