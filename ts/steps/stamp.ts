import { join } from 'node:path'
import { Failure } from '../errors/failure.ts'
import type { Environment, SourceSetting } from '../model/native.ts'
import type { StampWrite } from '../native/native.ts'
import { SETTINGS, type SettingKey } from '../project/setting.ts'
import type { Selection } from './apply.ts'
import type { Context } from './context.ts'
import { commandsOf, keepsLock, pythonOf } from './environment.ts'
import type { Place, ProjectPlace } from './load.ts'
import { MANIFESTS } from './own.ts'

/** Tells the launcher that a project is ready, when a plain `pybun run` would find it like this. */
export async function stampProject(
  context: Context,
  place: ProjectPlace,
  ready: { environment: Environment; selection: Selection; settled: StampWrite['settled'] },
): Promise<void> {
  const { project } = place
  if (!keepsLock(context) || isSteered(place) || !isDefault(place, ready.selection)) return
  const also = watchedManifests(place)
  if (also === null) return
  await write(context, ready.environment, {
    kind: 'project',
    key: null,
    subject: project.root,
    configured_by: null,
    settled: ready.settled,
    also,
    unchanged: { path: project.manifest_path, text: project.text },
    program: pythonOf(ready.environment, context.system.platform),
  })
}

/**
 * What describes the project itself and the directories that are linked into its environment. `null` when a directory is copied:
 * the launcher does not see every file of it.
 */
function watchedManifests({ project, configuration }: ProjectPlace): string[] | null {
  const { manifest, root } = project
  const requirements = [manifest.dependencies, manifest.optional_dependencies, manifest.dependency_groups]
  const texts = requirements.flatMap((of) => Object.values(of).flat())
  if (texts.some((text) => /@\s*file:/.test(text))) return null
  const sources = Object.values(configuration.sources.value as Record<string, SourceSetting>)
  const paths = sources.flatMap(({ path, editable }) => (path === undefined ? [] : [{ path, editable }]))
  if (paths.some(({ editable }) => !editable)) return null
  const directories = [...(manifest.has_build_system ? [root] : []), ...paths.map(({ path }) => path)]
  const files = directories.flatMap((path) => MANIFESTS.map((name) => join(path, name)))
  return files.filter((file) => file !== project.manifest_path)
}

/** Tells the launcher that the environment of a script or a tool is ready. */
export async function stampLoose(
  context: Context,
  ready: {
    kind: 'script' | 'tool'
    key: string
    subject: string
    environment: Environment
    program: string
    configured_by: string | null
  },
): Promise<void> {
  const { kind, key, subject, environment, program, configured_by } = ready
  await write(context, environment, { kind, key, subject, configured_by, settled: null, unchanged: null, program })
}

/**
 * The root of the project whose own configuration counts, if it has any. Asked the way the launcher asks, which
 * reads no TOML and errs on the side of yes.
 */
export async function configuredBy(context: Context, { project }: Place): Promise<string | null> {
  if (!project) return null
  const own = await context.system.files.isFile(join(project.root, '.pybun', 'config.toml'))
  return own || project.text.includes('pybun') ? project.root : null
}

/** Something typed decided that the launcher does not look at; what a key names already is `known`. */
export function isSteered({ configuration }: Place, known: SettingKey[] = []): boolean {
  const passing: SettingKey[] = ['progress', 'offline', ...known]
  return SETTINGS.some(({ key }) => !passing.includes(key) && configuration[key].origin.kind === 'command-line')
}

function isDefault({ project }: ProjectPlace, { groups, extras }: Selection): boolean {
  const dev = 'dev' in project.manifest.dependency_groups ? ['dev'] : []
  return extras.length === 0 && groups.join() === dev.join()
}

/** A stamp only saves time: without one everything still works, so that its failure is a note and no problem. */
async function write(
  context: Context,
  environment: Environment,
  stamp: Pick<StampWrite, 'kind' | 'key' | 'subject' | 'configured_by' | 'settled' | 'unchanged' | 'also'> & {
    program: string
  },
): Promise<void> {
  const { program, ...rest } = stamp
  const python = pythonOf(environment, context.system.platform)
  try {
    await context.native.stampWrite({
      ...rest,
      environment: { root: environment.path, python, site_packages: environment.site_packages },
      command: {
        program,
        args: [],
        set: { VIRTUAL_ENV: environment.path },
        unset: ['PYTHONHOME'],
        path_prefix: commandsOf(environment, context.system.platform),
      },
    })
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    for (const { code, message } of error.problems) context.emit({ kind: 'note', code, message })
  }
}
