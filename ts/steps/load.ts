import { optionsExclude } from '../errors/cli.ts'
import { fail } from '../errors/failure.ts'
import { flag } from '../model/invocation.ts'
import type { IndexSetting, Settings, SourceSetting } from '../model/native.ts'
import type { Problem } from '../model/problem.ts'
import { type Configuration, isOfProject, type Loaded, loadConfiguration } from '../project/configuration.ts'
import { admittedDirectories } from '../project/owned.ts'
import { findProject, type Project, requireProject } from '../project/project.ts'
import type { Context } from './context.ts'

/** Where a command stands: its project, if any, and its configuration. */
export interface Place {
  project: Project | null
  /** Why there is none although there is a manifest: it is another user's. */
  foreign: Problem | null
  /** Directories of other users that this one trusts. */
  admitted: string[]
  configuration: Configuration
  settings: Settings
}

export interface ProjectPlace extends Place {
  project: Project
}

/** The first disk read of a command. */
export async function loadPlace(context: Context): Promise<Place> {
  const place = await placeAround(context)
  if (place.foreign) context.warn(place.foreign)
  return place
}

async function placeAround(context: Context): Promise<Place> {
  const admitted = await admittedDirectories(context.system, context.native)
  return placeIn(context, { ...(await findProject(context.system, context.native, admitted)), admitted })
}

/** The same for what has nothing to do with the project that somebody happens to stand in. */
export async function loadUserPlace(context: Context): Promise<Place> {
  const admitted = await admittedDirectories(context.system, context.native)
  return placeIn(context, { project: null, foreign: null, admitted })
}

/** The same for a project that is not written yet. */
export async function loadGiven(context: Context, project: Project): Promise<ProjectPlace> {
  const admitted = await admittedDirectories(context.system, context.native)
  return { ...(await placeIn(context, { project, foreign: null, admitted })), project }
}

async function placeIn(
  context: Context,
  { project, foreign, admitted }: Pick<Place, 'project' | 'foreign' | 'admitted'>,
): Promise<Place> {
  const { system, native, options } = context
  const loaded = await loadConfiguration({ system, native, options, project, admitted })
  const { configuration } = loaded
  context.progress(configuration.progress.value as 'auto' | 'always' | 'never')
  await native.dataDirectoryEnsure({ path: String(configuration['cache-dir'].value), admitted })
  return {
    project,
    foreign,
    admitted,
    configuration,
    settings: { ...settingsOf(context, loaded), ...(project ? ofProject(project, loaded) : {}) },
  }
}

/** The same, for commands that need a project. */
export async function loadProject(context: Context): Promise<ProjectPlace> {
  const place = await placeAround(context)
  return { ...place, project: requireProject(place.project, context.system.cwd, place.foreign) }
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
