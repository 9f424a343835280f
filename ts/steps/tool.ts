import { join } from 'node:path'
import { fail } from '../errors/failure.ts'
import { commandNotInPackage } from '../errors/run.ts'
import { flag, list, value } from '../model/invocation.ts'
import type { Environment } from '../model/native.ts'
import type { Outcome } from '../model/outcome.ts'
import type { Context } from './context.ts'
import { asRequirement } from './edit.ts'
import { activation, commandsOf } from './environment.ts'
import { loadUserPlace, type Place } from './load.ts'
import { normalised } from './own.ts'
import { ensureLoose } from './script.ts'
import { isSteered, stampLoose } from './stamp.ts'
import { start } from './start.ts'

/**
 * `pybun x`: a command of a package, without installing it anywhere that shows. The project around, which may be a
 * stranger's, has no say in where a tool comes from and in what runs it.
 */
export interface ToolWish {
  /** As typed: `ruff`, `ruff@0.5`. */
  command: string
  /** The package that has it, when it is called otherwise. */
  from: string | null
  with: string[]
  args: string[]
}

export async function runTool(context: Context, wish: ToolWish): Promise<Outcome> {
  const place = refreshing(await loadUserPlace(context), wish)
  const { key } = await context.native.stampKey({
    kind: 'tool',
    command: wish.command,
    from: wish.from,
    with: wish.with,
    python: value(context.options, 'python'),
    index_url: value(context.options, 'index-url'),
    extra_index_urls: [...list(context.options, 'extra-index-url'), ...typedPlaces(context)],
    configured_by: null,
  })
  const directory = join(place.settings.cache_dir, 'envs', 'tools', key)
  const source = asRequirement(wish.from ?? wish.command)
  const ready = await ensureLoose(context, place, {
    directory,
    from: context.system.home,
    requires_python: null,
    requirements: [source, ...wish.with.map(asRequirement)],
    upgrade: wantsLatest(wish),
  })
  const { environment } = ready
  const program = await executableOf(context, environment, wish, source)
  if (!wantsLatest(wish) && !isSteered(place, ['python', 'index-url', 'extra-index-url'])) {
    await stampLoose(context, { kind: 'tool', key, subject: key, environment, program, configured_by: null })
  }
  const about = { target: wish.command, environment: environment.path }
  return start(context, ready, { program, args: wish.args, env: activation(context, environment) }, about)
}

/** The launcher knows none of these options, so that they cannot be mistaken for what it looks up. */
function typedPlaces({ options }: Context): string[] {
  const named = ['index', 'find-links'].flatMap((name) => list(options, name).map((typed) => `--${name}=${typed}`))
  return [...named, ...(flag(options, 'no-index') ? ['--no-index'] : [])]
}

function wantsLatest({ command, from }: ToolWish): boolean {
  return (from ?? command).endsWith('@latest')
}

function refreshing(place: Place, wish: ToolWish): Place {
  return wantsLatest(wish) ? { ...place, settings: { ...place.settings, refresh: true } } : place
}

async function executableOf(
  context: Context,
  environment: Environment,
  wish: ToolWish,
  source: string,
): Promise<string> {
  const { name: package_name } = await context.native.requirementParse({ text: source })
  const { platform, files } = context.system
  const typed = /^[\w.-]+/.exec(wish.command)?.[0] ?? wish.command
  for (const name of wish.from === null ? [typed, package_name] : [typed]) {
    for (const suffix of platform === 'win32' ? ['.exe', '.cmd', ''] : ['']) {
      const path = join(commandsOf(environment, platform), name + suffix)
      if (await files.isFile(path)) return path
    }
  }
  const known = await commandsIn(context, environment, package_name)
  return fail(commandNotInPackage(typed, package_name, known, wish.with.length === 0))
}

/** The commands that RECORD says the package put beside Python. */
async function commandsIn(context: Context, environment: Environment, name: string): Promise<string[]> {
  const { files, platform } = context.system
  const installed = await files.list(environment.site_packages)
  const info = installed.find(
    (found) => found.endsWith('.dist-info') && normalised(found.split('-')[0] ?? '') === normalised(name),
  )
  const record = info ? await files.readText(join(environment.site_packages, info, 'RECORD')) : null
  const directory = platform === 'win32' ? /\/Scripts\/([^/,"]+?)(\.exe)?"?,/i : /\/bin\/([^/,"]+)()"?,/
  const names = (record ?? '').split('\n').flatMap((line) => {
    const found = line.startsWith('..') || line.startsWith('"..') ? directory.exec(line)?.[1] : undefined
    return found ? [found] : []
  })
  return [...new Set(names)].sort()
}
