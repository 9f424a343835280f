import { dirname, join, resolve } from 'node:path'
import { notForProject, type Place, unknownKey, wrongType, wrongVariable } from '../errors/config.ts'
import { fail } from '../errors/failure.ts'
import type { Options } from '../model/invocation.ts'
import type { Manifest, Positions } from '../model/native.ts'
import type { Problem } from '../model/problem.ts'
import type { Native } from '../native/native.ts'
import type { System } from '../system/system.ts'
import { dataDirectory, userConfiguration } from './places.ts'
import { SETTINGS, type SettingKey, type SettingSpec, type SettingValue } from './setting.ts'

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
}

/** Command line, then environment, then `.pybun/config.toml`, then `[tool.pybun]`, then the user's file. */
export async function loadConfiguration(sources: Sources): Promise<Configuration> {
  const layers = [
    fromCommandLine(sources),
    fromEnvironment(sources.system),
    ...(await fromFiles(sources)),
    defaults(sources),
  ]
  const entries = SETTINGS.map((spec) => {
    const layer = layers.find((candidate) => candidate.values[spec.key] !== undefined)
    if (!layer) throw new Error(`no default for ${spec.key}`)
    const source = layer.sources?.[spec.key] ?? layer.source
    return [spec.key, { value: layer.values[spec.key], origin: { kind: layer.kind, source } }]
  })
  return Object.fromEntries(entries) as Configuration
}

interface Layer {
  kind: Origin['kind']
  source: string | null
  sources?: Partial<Record<SettingKey, string>>
  values: Partial<Record<SettingKey, SettingValue>>
}

function fromCommandLine({ options, system }: Sources): Layer {
  const layer: Layer = { kind: 'command-line', source: null, sources: {}, values: {} }
  for (const spec of SETTINGS) {
    const typed = options[spec.option]
    const opposite = spec.opposite && options[spec.opposite.option] === true ? spec.opposite : null
    if (typed === undefined && !opposite) continue
    layer.values[spec.key] = opposite ? opposite.value : place(spec, typed as SettingValue, system.cwd)
    if (layer.sources) layer.sources[spec.key] = `--${opposite?.option ?? spec.option}`
  }
  return layer
}

function fromEnvironment({ env, cwd }: System): Layer {
  const layer: Layer = { kind: 'environment', source: null, sources: {}, values: {} }
  for (const spec of SETTINGS) {
    const text = env[spec.variable]
    if (text === undefined || text === '') continue
    layer.values[spec.key] = place(spec, fromVariable(spec, text), cwd)
    if (layer.sources) layer.sources[spec.key] = spec.variable
  }
  if (env.PYBUN_HOME && layer.values['cache-dir'] === undefined) {
    layer.values['cache-dir'] = resolve(cwd, env.PYBUN_HOME)
    if (layer.sources) layer.sources['cache-dir'] = 'PYBUN_HOME'
  }
  return layer
}

function fromVariable(spec: SettingSpec, text: string): SettingValue {
  if (spec.type === 'strings') return text.split(/\s+/).filter(Boolean)
  if (spec.type === 'boolean') {
    if (/^(1|true|yes|on)$/i.test(text)) return true
    if (/^(0|false|no|off)$/i.test(text)) return false
    return fail(wrongVariable(spec.variable, expected(spec)))
  }
  if (!fits(spec, text)) fail(wrongVariable(spec.variable, expected(spec)))
  return text
}

async function fromFiles({ system, native, project }: Sources): Promise<Layer[]> {
  const layers: Layer[] = []
  const problems: Problem[] = []
  const take = (
    kind: Origin['kind'],
    path: string,
    table: Record<string, unknown>,
    positions: Positions,
    prefix: string,
  ) => {
    const read = readTable({ table, positions, prefix, path })
    problems.push(...read.problems)
    if (kind !== 'user-configuration') problems.push(...notForProjects(read.values, positions, prefix, path))
    layers.push({ kind, source: path, values: read.values })
  }
  if (project) {
    const path = join(project.root, '.pybun', 'config.toml')
    const toml = await readToml(system, native, path)
    if (toml) take('project-configuration', path, toml.value, toml.positions, '')
    const { tool_pybun, positions } = project.manifest
    if (tool_pybun) take('manifest', project.manifest_path, tool_pybun, positions, 'tool.pybun.')
  }
  const path = userConfiguration(system)
  const toml = await readToml(system, native, path)
  if (toml) take('user-configuration', path, toml.value, toml.positions, '')
  const [first, ...more] = problems
  if (first) fail(first, ...more)
  return layers
}

async function readToml(system: System, native: Native, path: string) {
  const text = await system.files.readText(path)
  return text === null ? null : native.tomlParse({ text, path })
}

interface TableRequest {
  table: Record<string, unknown>
  positions: Positions
  prefix: string
  path: string
}

function readTable({ table, positions, prefix, path }: TableRequest) {
  const values: Layer['values'] = {}
  const problems: Problem[] = []
  for (const [key, raw] of Object.entries(table)) {
    const at = positions[prefix + key]
    const where: Place = { path, line: at?.line ?? null, column: at?.column ?? null }
    const spec = SETTINGS.find((candidate) => candidate.key === key)
    if (!spec)
      problems.push(
        unknownKey(
          key,
          where,
          SETTINGS.map((known) => known.key),
        ),
      )
    else if (!fits(spec, raw)) problems.push(wrongType(key, where, expected(spec)))
    else values[spec.key] = place(spec, raw as SettingValue, prefix ? dirname(path) : configurationRoot(path))
  }
  return { values, problems }
}

/** A cloned repository may not choose what is executed before anybody looked, nor where verified packages come from. */
function notForProjects(values: Layer['values'], positions: Positions, prefix: string, path: string): Problem[] {
  const bad = (['cache-dir', 'python'] as const).filter(
    (key) => values[key] !== undefined && (key === 'cache-dir' || /[\\/]/.test(String(values[key]))),
  )
  return bad.map((key) => {
    const at = positions[prefix + key]
    return notForProject(key, { path, line: at?.line ?? null, column: at?.column ?? null })
  })
}

/** Relative paths in `.pybun/config.toml` are meant from the project, not from the hidden directory. */
function configurationRoot(path: string): string {
  const directory = dirname(path)
  return directory.endsWith('.pybun') ? dirname(directory) : directory
}

function fits(spec: SettingSpec, value: unknown): boolean {
  switch (spec.type) {
    case 'boolean':
      return typeof value === 'boolean'
    case 'strings':
      return Array.isArray(value) && value.every((item) => typeof item === 'string')
    case 'choice':
      return typeof value === 'string' && (spec.choices ?? []).includes(value)
    case 'string':
    case 'path':
      return typeof value === 'string'
  }
}

function expected(spec: SettingSpec): string {
  switch (spec.type) {
    case 'boolean':
      return 'true or false'
    case 'strings':
      return 'a list of strings'
    case 'choice':
      return `one of ${(spec.choices ?? []).join(', ')}`
    case 'string':
    case 'path':
      return 'a string'
  }
}

function place(spec: SettingSpec, value: SettingValue, from: string): SettingValue {
  return spec.type === 'path' && typeof value === 'string' ? resolve(from, value) : value
}

function defaults({ system }: Sources): Layer {
  return {
    kind: 'default',
    source: null,
    values: {
      'index-url': null,
      'extra-index-url': [],
      python: null,
      'cache-dir': resolve(system.cwd, dataDirectory(system)),
      offline: false,
      progress: 'auto',
      resolution: 'highest',
      prereleases: 'if-necessary',
    },
  }
}
