import { resolve } from 'node:path'
import { value } from '../model/invocation.ts'
import type { Environment, Requirements, Settings } from '../model/native.ts'
import { apply, asApplied, EVERYTHING, fetch, plan } from './apply.ts'
import type { Context } from './context.ts'
import { type Description, describeEnvironment, describePlanned, describeSync } from './describe.ts'
import { ensureLooseEnvironment, ensureProjectEnvironment } from './environment.ts'
import { exclusive } from './exclusive.ts'
import { credentialsIn, loadPlace, loadProject, type Place, type ProjectPlace } from './load.ts'
import { choosePython } from './python.ts'
import { lockFor, machineRequest } from './resolve.ts'
import { requireListed } from './source.ts'
import { type Choice, planSync, syncInto, syncProject } from './sync.ts'

export interface InstallWish extends Omit<Choice, 'keep_extraneous'> {
  /** A plain directory instead of an environment. */
  target: string | null
  dry_run: boolean
}

/** Makes the project's environment what manifest and lock say. */
export async function installFromProject(context: Context, wish: InstallWish): Promise<Description> {
  const first = await loadProject(context)
  if (wish.dry_run) {
    const environment = (await bareEnvironment(context, first, wish)) ?? (await presentEnvironment(context, first))
    const choice = { ...wish, verify: false, keep_extraneous: wish.target !== null }
    return describePlanned(describeSync(context, first, await planSync(context, first, choice, environment)))
  }
  return exclusive(context, first.project.root, async () => {
    const place = await loadProject(context)
    const environment = await bareEnvironment(context, place, wish)
    const choice = { ...wish, keep_extraneous: environment !== null }
    const synced = environment
      ? await syncInto(context, place, choice, { environment, given: null })
      : await syncProject(context, place, choice)
    return describeSync(context, place, synced)
  })
}

/** Adds what requirements files name to the environment of the project, or to one made here. */
export async function installFromFiles(context: Context, files: string[], wish: InstallWish): Promise<Description> {
  const place = await loadPlace(context)
  if (wish.dry_run) return fromFiles(context, place, files, wish)
  return exclusive(context, place.project?.root ?? context.system.cwd, () => fromFiles(context, place, files, wish))
}

async function fromFiles(context: Context, place: Place, files: string[], wish: InstallWish): Promise<Description> {
  const { cwd } = context.system
  const { reinstall, verify = false, require_hashes = false, dry_run } = wish
  const paths = files.map((path) => (path === '-' ? path : resolve(cwd, path)))
  const read = await context.native.requirementsRead({ paths, cwd, require_hashes })
  const environment = (await bareEnvironment(context, place, wish)) ?? (await environmentFor(context, place, dry_run))
  const { python } = environment
  const there = { ...place, settings: settingsWith(place, read) }
  const listed = []
  for (const source of read.sources) listed.push(await requireListed(context, there, { ...source, python }))
  const requirements = [...read.requirements, ...listed.map(({ text }) => text)]
  const editables = listed.flatMap(({ name, editable }) => (editable ? [name] : []))
  const credentials = credentialsIn(requirements.flatMap((text) => text.split(/\s*@\s+/)[1] ?? []))
  const here = { ...there, settings: { ...there.settings, credentials } }
  const { lock } = await lockFor(context, machineRequest(here, { ...read, requirements, editables, python }), null)
  const project = place.project?.manifest.name ?? null
  const checks = { verify: verify && !dry_run, require_hashes }
  const selection = { ...EVERYTHING, reinstall, keep_extraneous: true, project, ...checks }
  const wanted = await plan(context, here, { environment, lock, selection })
  const applied = dry_run
    ? asApplied(wanted, { downloaded: 0, built: 0, bytes: 0 })
    : await apply(context, here, wanted, await fetch(context, here, wanted), verify)
  const { result, summary } = describeEnvironment(context, environment, applied)
  const described = { result: { ...result, lock: null, project: null }, summary }
  return dry_run ? describePlanned(described) : described
}

async function environmentFor(context: Context, place: Place, dry_run: boolean): Promise<Environment> {
  if (dry_run) return presentEnvironment(context, place)
  return isProject(place) ? ensureProjectEnvironment(context, place) : ensureLooseEnvironment(context, place, 'here')
}

/** `--target`: a directory, with the interpreter that the project or `--python` asks for. */
async function bareEnvironment(context: Context, place: Place, wish: InstallWish): Promise<Environment | null> {
  return wish.target === null ? null : bareAt(context, place, resolve(context.system.cwd, wish.target))
}

/** The environment that a command would use, as it is now; one that is not there yet is empty. */
async function presentEnvironment(context: Context, place: Place): Promise<Environment> {
  const { env, cwd, files } = context.system
  const path = env.PYBUN_ENV ? resolve(cwd, env.PYBUN_ENV) : resolve(place.project?.root ?? cwd, '.pybun', 'venv')
  const asked = value(context.options, 'python') !== null
  const { cache_dir } = place.settings
  const given = Boolean(env.PYBUN_ENV)
  const isThere = given
    ? await files.isFile(resolve(path, 'pyvenv.cfg'))
    : (await context.native.environmentKnown({ path, cache_dir })).known
  if (!asked && isThere) return context.native.environmentRead({ path, cache_dir, given })
  return bareAt(context, place, path)
}

async function bareAt(context: Context, place: Place, path: string): Promise<Environment> {
  const requires_python = place.project?.manifest.requires_python ?? null
  const directory = place.project?.root ?? context.system.cwd
  const { path: python, version } = await choosePython(context, place, { requires_python, directory })
  return { path, python, version, site_packages: path, created: false, bare: true }
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
