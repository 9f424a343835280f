import { resolve } from 'node:path'
import type { Requirements, Settings } from '../model/native.ts'
import { apply, EVERYTHING, fetch, plan } from './apply.ts'
import type { Context } from './context.ts'
import { describeEnvironment, describeSync } from './describe.ts'
import { ensureLooseEnvironment, ensureProjectEnvironment } from './environment.ts'
import { exclusive } from './exclusive.ts'
import { credentialsIn, loadPlace, loadProject, type Place, type ProjectPlace } from './load.ts'
import { lockFor, machineRequest } from './resolve.ts'
import { requireListed } from './source.ts'
import { type Choice, syncProject } from './sync.ts'

/** Makes the project's environment what manifest and lock say. */
export async function installFromProject(context: Context, choice: Choice) {
  const first = await loadProject(context)
  return exclusive(context, first.project.root, async () => {
    const place = await loadProject(context)
    return describeSync(context, place, await syncProject(context, place, choice))
  })
}

/** Adds what requirements files name to the environment of the project, or to one made here. */
export async function installFromFiles(context: Context, files: string[], reinstall: boolean) {
  const place = await loadPlace(context)
  const { cwd } = context.system
  return exclusive(context, place.project?.root ?? cwd, async () => {
    const paths = files.map((path) => (path === '-' ? path : resolve(cwd, path)))
    const read = await context.native.requirementsRead({ paths, cwd })
    const environment = isProject(place)
      ? await ensureProjectEnvironment(context, place)
      : await ensureLooseEnvironment(context, place, 'here')
    const { python } = environment
    const there = { ...place, settings: settingsWith(place, read) }
    const listed = []
    for (const source of read.sources) listed.push(await requireListed(context, there, { ...source, python }))
    const requirements = [...read.requirements, ...listed.map(({ text }) => text)]
    const editables = listed.flatMap(({ name, editable }) => (editable ? [name] : []))
    const wish = { ...read, requirements, editables, python }
    const credentials = credentialsIn(requirements.flatMap((text) => text.split(/\s*@\s+/)[1] ?? []))
    const here = { ...there, settings: { ...there.settings, credentials } }
    const { lock } = await lockFor(context, machineRequest(here, wish), null)
    const selection = { ...EVERYTHING, reinstall, keep_extraneous: true, project: place.project?.manifest.name ?? null }
    const wanted = await plan(context, here, { environment, lock, selection })
    const applied = await apply(context, here, wanted, await fetch(context, here, wanted))
    const { result, summary } = describeEnvironment(context, environment, applied)
    return { result: { ...result, lock: null, project: null }, summary }
  })
}

function isProject(place: Place): place is ProjectPlace {
  return place.project?.manifest.has_project === true
}

/** What a requirements file says of indexes belongs to whoever wrote the file, which may be a stranger. */
function settingsWith(place: Place, read: Requirements): Settings {
  const { settings } = place
  const index_url = isTyped(place, 'index-url') ? null : read.index_url
  const named = [read.index_url ?? [], read.extra_index_urls, read.find_links].flat()
  return {
    ...settings,
    index_url: index_url ?? settings.index_url,
    // The index of the file takes the place of a default, which then is none.
    indexes: settings.indexes.map((index) =>
      index.default && index_url !== null ? { ...index, default: false, explicit: true } : index,
    ),
    extra_index_urls: [...settings.extra_index_urls, ...read.extra_index_urls],
    find_links: [...settings.find_links, ...read.find_links],
    no_index: settings.no_index || read.no_index,
    project_chose_index: settings.project_chose_index || named.some((url) => !settings.user_urls.includes(url)),
  }
}

/** An index in a requirements file yields to the command line and to the environment. */
function isTyped({ configuration }: Place, key: 'index-url'): boolean {
  const { kind } = configuration[key].origin
  return kind === 'command-line' || kind === 'environment'
}
