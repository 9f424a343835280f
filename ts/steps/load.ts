import { optionsExclude } from '../errors/cli.ts'
import { fail } from '../errors/failure.ts'
import { flag } from '../model/invocation.ts'
import type { IndexSetting, Settings, SourceSetting } from '../model/native.ts'
import { type Configuration, isOfProject, type Loaded, loadConfiguration } from '../project/configuration.ts'
import { findProject, type Project, requireProject } from '../project/project.ts'
import type { Context } from './context.ts'

/** Where a command stands: its project, if any, and its configuration. */
export interface Place {
  project: Project | null
  configuration: Configuration
  settings: Settings
}

export interface ProjectPlace extends Place {
  project: Project
}

/** The first disk read of a command. */
export async function loadPlace(context: Context): Promise<Place> {
  return placeIn(context, await findProject(context.system, context.native))
}

/** The same for what has nothing to do with the project that somebody happens to stand in. */
export async function loadUserPlace(context: Context): Promise<Place> {
  return placeIn(context, null)
}

/** The same for a project that is not written yet. */
export async function loadGiven(context: Context, project: Project): Promise<ProjectPlace> {
  return { ...(await placeIn(context, project)), project }
}

async function placeIn(context: Context, project: Project | null): Promise<Place> {
  const { system, native, options } = context
  const loaded = await loadConfiguration({ system, native, options, project })
  const { configuration } = loaded
  context.progress(configuration.progress.value as 'auto' | 'always' | 'never')
  return {
    project,
    configuration,
    settings: { ...settingsOf(context, loaded), ...(project ? ofProject(project, loaded) : {}) },
  }
}

/** The same, for commands that need a project. */
export async function loadProject(context: Context): Promise<ProjectPlace> {
  const place = await loadPlace(context)
  return { ...place, project: requireProject(place.project, context.system.cwd) }
}

/** What a lock of the project leaves out. */
function ofProject({ root, manifest }: Project, { configuration }: Loaded): Pick<Settings, 'root' | 'credentials'> {
  const sources = Object.values(configuration.sources.value as Record<string, SourceSetting>)
  const requirements = [manifest.dependencies, manifest.optional_dependencies, manifest.dependency_groups]
  const texts = [
    ...requirements.flatMap((of) => Object.values(of).flat()).flatMap((text) => text.split(/\s*@\s+/)[1] ?? []),
    ...sources.flatMap(({ git, url }) => [git ?? [], url ?? []].flat()),
  ]
  return { root, credentials: credentialsIn(texts) }
}

/** The URLs that hold some. */
export function credentialsIn(urls: string[]): string[] {
  const first = urls.map((text) => text.split(/\s/)[0] ?? '')
  return [...new Set(first.filter((text) => /:\/\/[^/@]+@/.test(text)))]
}

function settingsOf({ options, system }: Context, { configuration, user_urls }: Loaded): Settings {
  const offline = configuration.offline.value === true
  const refresh = flag(options, 'refresh')
  if (refresh && offline) fail(optionsExclude('--refresh', configuration.offline.origin.source ?? '--offline'))
  const indexes = configuration.index.value as IndexSetting[]
  const sources = Object.entries(configuration.sources.value as Record<string, SourceSetting>)
  return {
    cache_dir: String(configuration['cache-dir'].value),
    index_url: configuration['index-url'].value as string | null,
    extra_index_urls: configuration['extra-index-url'].value as string[],
    indexes,
    index_of: Object.fromEntries(sources.flatMap(([name, { index }]) => (index === undefined ? [] : [[name, index]]))),
    find_links: configuration['find-links'].value as string[],
    no_index: configuration['no-index'].value === true,
    keyring: configuration['keyring-provider'].value === 'subprocess',
    project_chose_index:
      indexes.some(({ url }) => !user_urls.includes(url)) ||
      (['index-url', 'extra-index-url', 'find-links'] as const).some((key) => isOfProject(configuration[key].origin)),
    user_urls,
    offline,
    refresh,
    link_mode: String(configuration['link-mode'].value),
    compile_bytecode: String(configuration['compile-bytecode'].value),
    cwd: system.cwd,
  }
}
