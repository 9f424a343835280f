import { SETTINGS } from '../project/setting.ts'
import type { Context } from './context.ts'
import { loadPlace } from './load.ts'

/** Every setting with its value and where that comes from. */
export async function showConfiguration(context: Context) {
  const { configuration, project } = await loadPlace(context)
  const settings = SETTINGS.map(({ key, summary, projects }) => ({
    key,
    ...configuration[key],
    projects: projects?.may ?? 'anything',
    summary,
  }))
  return { project: project?.root ?? null, settings }
}
