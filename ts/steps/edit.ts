import { fail } from '../errors/failure.ts'
import { notADependency, requiresItself } from '../errors/project.ts'
import { sourceNotRepository } from '../errors/source.ts'
import type { Manifest, ManifestEdit, Requirement, Root, SourceSetting, Table } from '../model/native.ts'
import type { Project } from '../project/project.ts'
import type { Context } from './context.ts'
import type { ProjectPlace } from './load.ts'
import { normalised } from './own.ts'
import { absolute, isPlace, type PlaceOptions, requireNamed, requirePlace } from './source.ts'

/** A manifest after an edit; nothing is written yet. */
export interface Edited {
  text: string
  manifest: Manifest
  /** What the manifest on disk does not have yet. */
  adding?: Root
  sources?: Record<string, SourceSetting>
}

/** `flask@3.1` as other package managers write it; a URL after `@` is PEP 508's and left alone. */
export function asRequirement(typed: string): string {
  const found = /^([A-Za-z0-9][\w.-]*(?:\[[^\]]*\])?)@([^\s:/@]+)$/.exec(typed.trim())
  if (!found) return typed
  return found[2] === 'latest' ? `${found[1]}` : `${found[1]}==${found[2]}`
}

/**
 * What was typed and is news: a bare name that is there already with the same marker keeps what the manifest says of it. A
 * place becomes a name, and the place stands in `[tool.pybun.sources]`: many backends refuse URLs in their metadata.
 */
export async function pendingRequirements(
  context: Context,
  place: ProjectPlace,
  wish: { typed: string[]; table: Table; options: PlaceOptions; python: string },
): Promise<Typed[]> {
  const { manifest } = place.project
  const { options, python } = wish
  const present = await Promise.all(requirementsIn(manifest, wish.table).map((text) => parse(context, text)))
  const isThere = (requirement: Requirement) =>
    present.some(
      ({ name, marker }) => normalised(name) === normalised(requirement.name) && marker === requirement.marker,
    )
  const all: Typed[] = []
  for (const typed of wish.typed) {
    if (isPlace(typed)) {
      const found = await requirePlace(context, place, { typed, python, options })
      refuseItself(manifest, wish.table, found)
      all.push(found)
      continue
    }
    const text = asRequirement(typed)
    const requirement = await parse(context, text)
    refuseItself(manifest, wish.table, { text, requirement })
    if (requirement.url !== null) all.push(await requireNamed(context, place, { text, options }))
    else {
      refuseOptions(options, typed)
      if (!(isBare(requirement) && requirement.extras.length === 0 && isThere(requirement)))
        all.push({ text, requirement })
    }
  }
  return all
}

export interface Typed {
  text: string
  requirement: Requirement
  /** Relative to the project. */
  source?: SourceSetting
}

/** Groups and extras may take in extras of the project. */
function refuseItself({ name }: Manifest, { table }: Table, { text, requirement }: Typed): void {
  if (table === 'project' && name !== null && normalised(requirement.name) === normalised(name)) {
    fail(requiresItself(name, text))
  }
}

function refuseOptions(options: PlaceOptions, typed: string): void {
  const given = (['editable', 'branch', 'tag', 'rev', 'subdirectory'] as const).find((key) => options[key])
  if (given) fail(sourceNotRepository(`--${given}`, typed))
}

/** The manifest with these requirements. */
export async function withRequirements(
  context: Context,
  project: Project,
  wish: { requirements: Typed[]; table: Table },
): Promise<Edited> {
  const path = project.manifest_path
  if (wish.requirements.length === 0) return { text: project.text, manifest: project.manifest }
  const edits = wish.requirements.flatMap(({ text, requirement, source }): ManifestEdit[] => [
    { kind: 'add', requirement: text, ...wish.table },
    ...(source ? [{ kind: 'set-source' as const, name: requirement.name, entry: source }] : []),
  ])
  const { text } = await context.native.manifestEdit({ text: project.text, path, edits })
  const { table, table_name } = wish.table
  const adding: Root = {
    requirements: wish.requirements.map(({ requirement }) => requirement.name),
    ...(table === 'project' || table_name === undefined ? {} : { [table]: table_name }),
  }
  const placed = wish.requirements.flatMap(({ requirement, source }) =>
    source ? [[requirement.name, absolute(source, project.root)] as const] : [],
  )
  const manifest = await context.native.manifestParse({ text, path })
  return { text, manifest, adding, ...(placed.length ? { sources: Object.fromEntries(placed) } : {}) }
}

/**
 * A lower bound for every requirement that was typed without a version: the one that was chosen. `chosen` is in the order
 * of a lock, by name and version.
 */
export function withLowerBounds(typed: Typed[], chosen: { name: string; version: string }[]): Typed[] {
  return typed.map(({ text, requirement, source }) => {
    if (source) return { text, requirement, source }
    if (!isBare(requirement)) return { text, requirement }
    const versions = chosen.filter(({ name }) => normalised(name) === normalised(requirement.name))
    // A universal lock may hold several; the bound must admit each of them, and the lowest is the first.
    const version = versions[0]?.version.replace(/\+.*$/, '')
    if (!version) return { text, requirement }
    const extras = requirement.extras.length ? `[${requirement.extras.join(',')}]` : ''
    // As it was typed: the parsed one is in a form that few would write.
    const marker = text.includes(';') ? ` ; ${text.slice(text.indexOf(';') + 1).trim()}` : ''
    const name = /^[A-Za-z0-9][\w.-]*/.exec(text)?.[0] ?? requirement.name
    return { text: `${name}${extras}>=${version}${marker}`, requirement: { ...requirement, specifier: `>=${version}` } }
  })
}

/** The manifest without these names. Fails when one of them is not there, saying where it is. */
export async function withoutNames(
  context: Context,
  project: Project,
  wish: { names: string[]; table: Table },
): Promise<Edited & { removed: string[] }> {
  const edits = wish.names.map((name): ManifestEdit => ({ kind: 'remove', name, ...wish.table }))
  for (const name of wish.names) {
    const known = await namesIn(context, project.manifest, wish.table)
    if (known.includes(normalised(name))) continue
    fail(notADependency(name, describe(wish.table), known, await elsewhere(context, project.manifest, name)))
  }
  const path = project.manifest_path
  const { text, removed } = await context.native.manifestEdit({ text: project.text, path, edits })
  const manifest = await context.native.manifestParse({ text, path })
  const unused: ManifestEdit[] = []
  for (const name of wish.names) {
    if ((await elsewhere(context, manifest, name)) === null) unused.push({ kind: 'remove-source', name })
  }
  if (unused.length === 0) return { text, removed, manifest }
  const cleaned = await context.native.manifestEdit({ text, path, edits: unused })
  return { text: cleaned.text, removed, manifest: await context.native.manifestParse({ text: cleaned.text, path }) }
}

async function parse(context: Context, text: string): Promise<Requirement> {
  return context.native.requirementParse({ text })
}

function isBare({ specifier, url }: Requirement): boolean {
  return specifier === '' && url === null
}

function requirementsIn(manifest: Manifest, { table, table_name }: Table): string[] {
  switch (table) {
    case 'project':
      return manifest.dependencies
    case 'group':
      return manifest.dependency_groups[table_name ?? ''] ?? []
    case 'extra':
      return manifest.optional_dependencies[table_name ?? ''] ?? []
  }
}

async function namesIn(context: Context, manifest: Manifest, table: Table): Promise<string[]> {
  const requirements = requirementsIn(manifest, table)
  return Promise.all(requirements.map(async (text) => normalised((await parse(context, text)).name)))
}

/** The options that would have found the name. */
async function elsewhere(context: Context, manifest: Manifest, name: string): Promise<string[] | null> {
  const tables: [Table, string[]][] = [
    [{ table: 'project' }, []],
    ...Object.keys(manifest.dependency_groups).map((group): [Table, string[]] => [
      { table: 'group', table_name: group },
      group === 'dev' ? ['--dev'] : ['--group', group],
    ]),
    ...Object.keys(manifest.optional_dependencies).map((extra): [Table, string[]] => [
      { table: 'extra', table_name: extra },
      ['--optional', extra],
    ]),
  ]
  for (const [table, options] of tables) {
    if ((await namesIn(context, manifest, table)).includes(normalised(name))) return options
  }
  return null
}

function describe({ table, table_name }: Table): string {
  switch (table) {
    case 'project':
      return 'the dependencies of the project'
    case 'group':
      return `the group \`${table_name}\``
    case 'extra':
      return `the extra \`${table_name}\``
  }
}
