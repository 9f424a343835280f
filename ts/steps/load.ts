import type { Settings } from '../model/native.ts'
import { type Configuration, loadConfiguration } from '../project/configuration.ts'
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
  const { system, native, options } = context
  const project = await findProject(system, native)
  const configuration = await loadConfiguration({ system, native, options, project })
  context.progress(configuration.progress.value as 'auto' | 'always' | 'never')
  return { project, configuration, settings: settingsOf(configuration, system.cwd) }
}

/** The same, for commands that need a project. */
export async function loadProject(context: Context): Promise<ProjectPlace> {
  const place = await loadPlace(context)
  return { ...place, project: requireProject(place.project, context.system.cwd) }
}

function settingsOf(configuration: Configuration, cwd: string): Settings {
  return {
    cache_dir: String(configuration['cache-dir'].value),
    index_url: configuration['index-url'].value as string | null,
    extra_index_urls: configuration['extra-index-url'].value as string[],
    project_chose_index: (['index-url', 'extra-index-url'] as const).some((key) =>
      ['manifest', 'project-configuration'].includes(configuration[key].origin.kind),
    ),
    offline: configuration.offline.value === true,
    refresh: false,
    cwd,
  }
}
