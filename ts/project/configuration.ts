import { delimiter, dirname, join, resolve } from 'node:path'
import { badOptionValue } from '../errors/cli.ts'
import { notForProject, type Place, unknownIndex, unknownKey, wrongType, wrongVariable } from '../errors/config.ts'
import { Failure, fail } from '../errors/failure.ts'
import type { Options } from '../model/invocation.ts'
import type { IndexSetting, Manifest, Positions, SourceSetting } from '../model/native.ts'
import type { Problem } from '../model/problem.ts'
import type { Native } from '../native/native.ts'
import type { System } from '../system/system.ts'
import { readOwnText } from './owned.ts'
import { dataDirectory, userConfiguration } from './places.ts'
import { SETTINGS, type SettingKey, type SettingSpec, type SettingValue } from './setting.ts'
import { expected, readValue, readWords } from './value.ts'

/** Every setting with the place it comes from. */
export type Configuration = Record<SettingKey, { value: SettingValue; origin: Origin }>

export interface Origin {
  kind: 'command-line' | 'environment' | 'project-configuration' | 'manifest' | 'user-configuration' | 'default'
  /** The option, the variable, or the file. */
  source: string | null
}

export interface Sources {
  system: System
  native: Native
  options: Options
  project: { root: string; manifest_path: string; manifest: Manifest } | null
  /** Directories of other users that this one trusts. */
  admitted: string[]
}

export interface Loaded {
  configuration: Configuration
  /** Every URL and path of an index or a page of files that the user named, at whatever place; hidden ones as well. */
  user_urls: string[]
}

/** Command line, then environment, then `.pybun/config.toml`, then `[tool.pybun]`, then the user's file. */
export async function loadConfiguration(sources: Sources): Promise<Loaded> {
  const layers = [
    fromCommandLine(sources),
    fromEnvironment(sources.system),
    ...(await fromFiles(sources)),
    defaults(sources),
  ]
  const entries = SETTINGS.map((spec) => {
    const having = layers.filter((candidate) => candidate.values[spec.key] !== undefined)
    const [layer] = having
    if (!layer) throw new Error(`no default for ${spec.key}`)
    const source = layer.sources?.[spec.key] ?? layer.source
    const value = spec.merged ? merged(spec, having) : layer.values[spec.key]
    return [spec.key, { value, origin: { kind: layer.kind, source } }]
  })
  const configuration = Object.fromEntries(entries) as Configuration
  chooseDefault(configuration, layers)
  checkAssignments(configuration, layers)
  const users = layers.filter((layer) => !isOfProject(layer))
  return { configuration, user_urls: users.flatMap(urlsIn) }
}

/** Does it stand in a file that comes with the project? */
export function isOfProject({ kind }: Pick<Origin, 'kind'>): boolean {
  return kind === 'manifest' || kind === 'project-configuration'
}

interface Layer {
  kind: Origin['kind']
  source: string | null
  sources?: Partial<Record<SettingKey, string>>
  values: Partial<Record<SettingKey, SettingValue>>
  /** Where a key, or what is below it, stands in the file. */
  place?: (key: string) => Place
}

/** The nearest place first; of two things with one name the nearer one counts. */
function merged(spec: SettingSpec, layers: Layer[]): SettingValue {
  const values = layers.map(({ values }) => values[spec.key])
  if (spec.type === 'sources') return Object.assign({}, ...values.reverse())
  const indexes = (values as IndexSetting[][]).flat()
  return indexes.filter(({ name }, at) => name === null || indexes.findIndex((one) => one.name === name) === at)
}

/** One index is asked last. A nearer `index-url` takes the place of a default; a hidden default is no index to ask. */
function chooseDefault(configuration: Configuration, layers: Layer[]): void {
  const main = layers.findIndex(({ kind, values }) => kind !== 'default' && values['index-url'] !== undefined)
  const at = layers.findIndex(({ values }) => ((values.index ?? []) as IndexSetting[]).some((one) => one.default))
  const nearest = ((layers[at]?.values.index ?? []) as IndexSetting[]).find((one) => one.default)
  const chosen = main !== -1 && main < at ? undefined : nearest
  const indexes = configuration.index.value as IndexSetting[]
  configuration.index.value = indexes.map((index) => {
    if (!index.default) return index
    return { ...index, default: index.name === chosen?.name, explicit: index.name !== chosen?.name }
  })
}

function checkAssignments(configuration: Configuration, layers: Layer[]): void {
  const names = (configuration.index.value as IndexSetting[]).flatMap(({ name }) => (name === null ? [] : [name]))
  const sources = configuration.sources.value as Record<string, SourceSetting>
  const problems = Object.entries(sources).flatMap(([name, { index }]) => {
    if (index === undefined || names.includes(index)) return []
    const layer = layers.find(({ values }) => name in ((values.sources ?? {}) as object))
    return [unknownIndex(index, name, layer?.place?.(`sources.${name}.index`) ?? NOWHERE, names)]
  })
  const [first, ...more] = problems
  if (first) fail(first, ...more)
}

const NOWHERE: Place = { path: '', line: null, column: null }

function urlsIn({ values }: Layer): string[] {
  const indexes = (values.index ?? []) as IndexSetting[]
  const lists = [values['extra-index-url'] ?? [], values['find-links'] ?? []] as string[][]
  const main = values['index-url']
  return [...(typeof main === 'string' ? [main] : []), ...lists.flat(), ...indexes.map(({ url }) => url)]
}

function fromCommandLine({ options, system }: Sources): Layer {
  const layer: Layer = { kind: 'command-line', source: null, sources: {}, values: {} }
  for (const spec of SETTINGS) {
    if (!spec.option) continue
    const typed = options[spec.option]
    const opposite = spec.opposite && options[spec.opposite.option] === true ? spec.opposite : null
    if (typed === undefined && !opposite) continue
    layer.values[spec.key] = opposite ? opposite.value : fromOption(spec, typed, system.cwd)
    if (layer.sources) layer.sources[spec.key] = `--${opposite?.option ?? spec.option}`
  }
  return layer
}

function fromOption(spec: SettingSpec, typed: unknown, cwd: string): SettingValue {
  const read = Array.isArray(typed) ? readWords(spec, typed, cwd) : readValue(spec, typed, cwd)
  if (read.misfits.length) fail(badOptionValue(`--${spec.option}`, String(typed), expected(spec)))
  return read.value
}

function fromEnvironment({ env, cwd }: System): Layer {
  const layer: Layer = { kind: 'environment', source: null, sources: {}, values: {} }
  for (const spec of SETTINGS) {
    if (!spec.variable) continue
    const text = env[spec.variable]
    if (text === undefined || text === '') continue
    layer.values[spec.key] = fromVariable(spec, spec.variable, text, cwd)
    if (layer.sources) layer.sources[spec.key] = spec.variable
  }
  if (env.PYBUN_HOME && layer.values['cache-dir'] === undefined) {
    layer.values['cache-dir'] = resolve(cwd, env.PYBUN_HOME)
    if (layer.sources) layer.sources['cache-dir'] = 'PYBUN_HOME'
  }
  return layer
}

function fromVariable(spec: SettingSpec, variable: string, text: string, cwd: string): SettingValue {
  if (spec.type === 'boolean' || spec.booleans) {
    if (/^(1|true|yes|on)$/i.test(text)) return spec.booleans?.true ?? true
    if (/^(0|false|no|off)$/i.test(text)) return spec.booleans?.false ?? false
    if (!spec.booleans) return fail(wrongVariable(variable, expected(spec)))
  }
  const isList = ['strings', 'places', 'selection', 'indexes', 'directories'].includes(spec.type)
  const read = isList
    ? readWords(spec, text.split(spec.type === 'directories' ? delimiter : /\s+/).filter(Boolean), cwd)
    : readValue(spec, text, cwd)
  if (read.misfits.length) fail(wrongVariable(variable, expected(spec)))
  return read.value
}

async function fromFiles({ system, native, project, admitted }: Sources): Promise<Layer[]> {
  const layers: Layer[] = []
  const problems: Problem[] = []
  const take = async (kind: Origin['kind'], request: TableRequest) => {
    const read = readTable(request)
    const place = (key: string) => placeOf(request, key)
    problems.push(...read.problems, ...(await invalidTexts(native, read.values, place)))
    if (isOfProject({ kind })) problems.push(...(await notForProjects(native, read.values, place)))
    layers.push({ kind, source: request.path, values: read.values, place })
  }
  if (project) {
    const path = join(project.root, '.pybun', 'config.toml')
    const toml = await readToml(native, path, await readOwnText(native, { path, admitted }))
    if (toml) await take('project-configuration', { table: toml.value, positions: toml.positions, prefix: '', path })
    const { tool_pybun: table, positions } = project.manifest
    if (table) await take('manifest', { table, positions, prefix: 'tool.pybun.', path: project.manifest_path })
  }
  const path = userConfiguration(system)
  const toml = await readToml(native, path, await system.files.readText(path))
  if (toml) await take('user-configuration', { table: toml.value, positions: toml.positions, prefix: '', path })
  const [first, ...more] = problems
  if (first) fail(first, ...more)
  return layers
}

async function readToml(native: Native, path: string, text: string | null) {
  return text === null ? null : native.tomlParse({ text, path })
}

interface TableRequest {
  table: Record<string, unknown>
  positions: Positions
  prefix: string
  path: string
}

function readTable(request: TableRequest) {
  const { table, prefix, path } = request
  const values: Layer['values'] = {}
  const problems: Problem[] = []
  const known = SETTINGS.map(({ key }) => key)
  for (const [key, raw] of Object.entries(table)) {
    const spec = SETTINGS.find((candidate) => candidate.key === key)
    if (!spec) {
      problems.push(unknownKey(key, placeOf(request, key), known))
      continue
    }
    const read = readValue(spec, raw, prefix ? dirname(path) : configurationRoot(path))
    if (read.misfits.length === 0) values[spec.key] = read.value
    for (const { below, expected } of read.misfits)
      problems.push(wrongType(key + below, placeOf(request, key + below), expected))
  }
  return { values, problems }
}

/** Where a key stands, or the nearest one around it. */
function placeOf({ positions, prefix, path }: TableRequest, key: string): Place {
  for (let at = prefix + key; ; ) {
    const found = positions[at]
    if (found) return { path, line: found.line, column: found.column }
    const end = Math.max(at.lastIndexOf('.'), at.lastIndexOf('['))
    if (end <= 0) return { path, line: null, column: null }
    at = at.slice(0, end)
  }
}

/** Requirements and markers are read where they will be: one that is not understood is told with its place. */
async function invalidTexts(
  native: Native,
  values: Layer['values'],
  place: (key: string) => Place,
): Promise<Problem[]> {
  const problems: Problem[] = []
  for (const { key, type } of SETTINGS) {
    if (type !== 'requirements' && type !== 'markers') continue
    for (const [at, text] of ((values[key] ?? []) as string[]).entries()) {
      const requirement = type === 'markers' ? `x ; ${text}` : text
      const understood = await native.requirementParse({ text: requirement }).catch(expectedFailure)
      const what = type === 'markers' ? 'a marker (PEP 508)' : 'a requirement (PEP 508)'
      if (!understood) problems.push(wrongType(`${key}[${at}]`, place(`${key}[${at}]`), what))
    }
  }
  return problems
}

function expectedFailure(error: unknown): null {
  if (error instanceof Failure) return null
  throw error
}

/** What a project's files say and may not, by the rules in the table of settings. */
async function notForProjects(
  native: Native,
  values: Layer['values'],
  place: (key: string) => Place,
): Promise<Problem[]> {
  const problems: Problem[] = []
  for (const spec of SETTINGS) {
    const { key, projects } = spec
    const value = values[key]
    if (!projects || value === undefined) continue
    const allowed = projects.may === 'versions' && (await native.pythonVersions({ text: String(value) })).understood
    if (!allowed) problems.push(notForProject(spec, projects, place(key)))
  }
  return problems
}

/** Relative paths in `.pybun/config.toml` are meant from the project, not from the hidden directory. */
function configurationRoot(path: string): string {
  const directory = dirname(path)
  return directory.endsWith('.pybun') ? dirname(directory) : directory
}

function defaults({ system }: Sources): Layer {
  return {
    kind: 'default',
    source: null,
    values: {
      'index-url': null,
      'extra-index-url': [],
      python: null,
      'trusted-directories': [],
      'cache-dir': resolve(system.cwd, dataDirectory(system)),
      offline: false,
      'link-mode': 'auto',
      'compile-bytecode': 'background',
      'cache-max-size': '20GB',
      'cache-max-age': '90d',
      progress: 'auto',
      resolution: 'highest',
      prereleases: 'if-necessary',
      index: [],
      sources: {},
      'find-links': [],
      'no-index': false,
      'keyring-provider': 'disabled',
      'exclude-newer': null,
      'only-binary': [],
      'no-binary': [],
      'prefer-binary': false,
      constraints: [],
      overrides: [],
      excludes: [],
      environments: [],
      'required-environments': [],
      conflicts: [],
    },
  }
}
