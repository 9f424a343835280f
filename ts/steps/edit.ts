import { fail } from '../errors/failure.ts'
import { notADependency } from '../errors/project.ts'
import type { Manifest, ManifestEdit, Requirement, Root, Table } from '../model/native.ts'
import type { Project } from '../project/project.ts'
import type { Context } from './context.ts'
import { normalised } from './own.ts'

/** A manifest after an edit; nothing is written yet. */
export interface Edited {
  text: string
  manifest: Manifest
  /** What the manifest on disk does not have yet. */
  adding?: Root
}

/** `flask@3.1` as other package managers write it; a URL after `@` is PEP 508's and left alone. */
export function asRequirement(typed: string): string {
  const found = /^([A-Za-z0-9][\w.-]*(?:\[[^\]]*\])?)@([^\s:/@]+)$/.exec(typed.trim())
  if (!found) return typed
  return found[2] === 'latest' ? `${found[1]}` : `${found[1]}==${found[2]}`
}

/** What was typed and is news: a bare name that is there already keeps what the manifest says of it. */
export async function pendingRequirements(
  context: Context,
  manifest: Manifest,
  wish: { typed: string[]; table: Table },
): Promise<Typed[]> {
  const names = await namesIn(context, manifest, wish.table)
  const all = await Promise.all(
    wish.typed.map(asRequirement).map(async (text) => ({ text, requirement: await parse(context, text) })),
  )
  return all.filter(
    ({ requirement }) =>
      !(isBare(requirement) && requirement.extras.length === 0 && names.includes(normalised(requirement.name))),
  )
}

export interface Typed {
  text: string
  requirement: Requirement
}

/** The manifest with these requirements. */
export async function withRequirements(
  context: Context,
  project: Project,
  wish: { requirements: Typed[]; table: Table },
): Promise<Edited> {
  const path = project.manifest_path
  if (wish.requirements.length === 0) return { text: project.text, manifest: project.manifest }
  const edits = wish.requirements.map(({ text }): ManifestEdit => ({ kind: 'add', requirement: text, ...wish.table }))
  const { text } = await context.native.manifestEdit({ text: project.text, path, edits })
  const { table, table_name } = wish.table
  const adding: Root = {
    requirements: wish.requirements.map(({ requirement }) => requirement.name),
    ...(table === 'project' || table_name === undefined ? {} : { [table]: table_name }),
  }
  return { text, manifest: await context.native.manifestParse({ text, path }), adding }
}

/** A lower bound for every requirement that was typed without a version: the one that was chosen. */
export function withLowerBounds(typed: Typed[], chosen: { name: string; version: string }[]): Typed[] {
  return typed.map(({ text, requirement }) => {
    if (!isBare(requirement)) return { text, requirement }
    const versions = chosen.filter(({ name }) => normalised(name) === normalised(requirement.name))
    // A universal lock may hold several; the bound must admit each of them.
    const version = versions.map((found) => found.version.replace(/\+.*$/, '')).sort(byVersion)[0]
    if (!version) return { text, requirement }
    const extras = requirement.extras.length ? `[${requirement.extras.join(',')}]` : ''
    const marker = requirement.marker ? ` ; ${requirement.marker}` : ''
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
  const { text, removed } = await context.native.manifestEdit({
    text: project.text,
    path: project.manifest_path,
    edits,
  })
  return { text, removed, manifest: await context.native.manifestParse({ text, path: project.manifest_path }) }
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

/** Good enough for the versions that a lock holds of one name: release numbers compare as numbers. */
function byVersion(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}
