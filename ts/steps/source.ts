import { isAbsolute, relative, resolve } from 'node:path'
import { fail } from '../errors/failure.ts'
import { sourceNotRepository, sourceUnknown, sourceUnknownIn } from '../errors/source.ts'
import type { Requirement, SourceSetting } from '../model/native.ts'
import type { Problem } from '../model/problem.ts'
import type { Context } from './context.ts'
import type { Place, ProjectPlace } from './load.ts'

/** What the options of `add` say of a place. */
export interface PlaceOptions {
  editable: boolean
  branch: string | null
  tag: string | null
  rev: string | null
  subdirectory: string | null
}

/** A requirement that is named by its place, as the manifest will say it: the name here, the place in its table. */
export interface Placed {
  text: string
  requirement: Requirement
  source: SourceSetting
}

/** Does it name a place and not a project? `name @ URL` names both. */
export function isPlace(typed: string): boolean {
  return (
    /^(\.{1,2}|~)?([/\\]|$)/.test(typed) ||
    /^[A-Za-z]:[\\/]/.test(typed) ||
    /^[A-Za-z][\w+.-]*:\/\//.test(typed) ||
    /^[\w.-]+@[\w.-]+:/.test(typed) ||
    /\.(whl|zip|tar\.gz|tgz)$/.test(typed)
  )
}

/** Looks at a place to learn the name of the project there. */
export async function requirePlace(
  context: Context,
  place: ProjectPlace,
  wish: { typed: string; python: string; options: PlaceOptions },
): Promise<Placed> {
  const source = await sourceOf(context, place.project.root, wish.typed, wish.options)
  const { name } = await context.native.sourceDescribe(
    { settings: place.settings, python: wish.python, source: absolute(source, place.project.root) },
    context.emit,
  )
  return { text: name, requirement: await context.native.requirementParse({ text: name }), source }
}

/** A line of a requirements file that names a place, as a requirement. Paths are meant from the working directory, as with pip. */
export async function requireListed(
  context: Context,
  place: Place,
  wish: { text: string; editable: boolean; path: string; line: number; python: string },
): Promise<{ text: string; name: string; editable: boolean }> {
  const {
    head = '',
    extras = '',
    marker = '',
  } = /^(?<head>.*?)(?<extras>\[[^\]]*\])?(?<marker>\s+;.*)?$/s.exec(wish.text)?.groups ?? {}
  // A repository is checked out into the data directory, where nobody edits it.
  const editable = wish.editable && repositoryOf(head) === null
  const none = { branch: null, tag: null, rev: null, subdirectory: null }
  const unknown = () => sourceUnknownIn(wish.path, wish.line)
  const source = await sourceOf(context, context.system.cwd, head, { editable, ...none }, unknown)
  const { name, url } = await context.native.sourceDescribe(
    { settings: place.settings, python: wish.python, source: absolute(source, context.system.cwd) },
    context.emit,
  )
  return { text: `${name}${extras} @ ${url}${marker}`, name, editable }
}

/** The same for `name[extra] @ URL ; marker`, which says the name itself. */
export async function requireNamed(
  context: Context,
  place: ProjectPlace,
  wish: { text: string; options: PlaceOptions },
): Promise<Placed> {
  const at = wish.text.indexOf('@')
  // PEP 508: white space ends a URL.
  const [url = '', ...rest] = wish.text
    .slice(at + 1)
    .trim()
    .split(/\s+/)
  const source = await sourceOf(context, place.project.root, url, wish.options)
  const text = [wish.text.slice(0, at).trim(), ...rest].join(' ')
  return { text, requirement: await context.native.requirementParse({ text }), source }
}

/** With a path that means the same everywhere. */
export function absolute(source: SourceSetting, root: string): SourceSetting {
  return source.path === undefined ? source : { ...source, path: resolve(root, source.path) }
}

async function sourceOf(
  context: Context,
  root: string,
  typed: string,
  options: PlaceOptions,
  unknown: (typed: string, path: string) => Problem = sourceUnknown,
): Promise<SourceSetting> {
  const { editable, subdirectory } = options
  const where = subdirectory === null ? {} : { subdirectory }
  const git = repositoryOf(typed)
  if (git) {
    if (editable) fail(sourceNotRepository('--editable', typed))
    return { ...revisionOf(options, git), ...where }
  }
  const revision = (['branch', 'tag', 'rev'] as const).find((key) => options[key] !== null)
  if (revision) fail(sourceNotRepository(`--${revision}`, typed))
  if (/^[A-Za-z][\w+.-]*:\/\//.test(typed) && !typed.startsWith('file:')) return { url: typed, ...where }
  const { cwd, files, home } = context.system
  const [plain = '', fragment = ''] = typed.split('#', 2)
  const inner = /(?:^|&)subdirectory=([^&]+)/.exec(fragment)?.[1]
  const within = inner && subdirectory === null ? { subdirectory: inner } : where
  const expanded = typed.startsWith('file:') ? decodeURIComponent(new URL(typed).pathname) : plain
  const path = resolve(cwd, expanded.replace(/^~(?=[\\/]|$)/, home))
  if (!(await files.isDirectory(path)) && !(await files.isFile(path))) fail(unknown(typed, path))
  // What was typed as an absolute path is meant to be one.
  const written = isAbsolute(expanded) ? path : relative(root, path).replaceAll('\\', '/') || '.'
  return { path: written, ...within, ...(editable ? { editable } : {}) }
}

/** `git+https://host/repository@reference#subdirectory=…`, `git@host:owner/repository`, or a URL that ends in `.git`. */
function repositoryOf(typed: string): SourceSetting | null {
  const scp = /^[\w.-]+@[\w.-]+:(?!\/\/)/.test(typed)
  const plain = typed.replace(/^git\+/, '')
  if (!scp && plain === typed && !/^(https?|ssh|git):\/\/[^#]*\.git(@[^#]*)?(#.*)?$/.test(typed)) return null
  const [whole = '', fragment = ''] = plain.split('#', 2)
  const subdirectory = fragment.split('&').find((part) => part.startsWith('subdirectory='))
  const start = whole.indexOf('/', whole.indexOf('://') + 3)
  const at = start < 0 || scp ? -1 : whole.indexOf('@', start)
  const [git, rev] = at < 0 ? [whole, undefined] : [whole.slice(0, at), whole.slice(at + 1)]
  return {
    git,
    ...(rev ? { rev } : {}),
    ...(subdirectory ? { subdirectory: subdirectory.slice('subdirectory='.length) } : {}),
  }
}

/** An option says what kind of reference it is, and takes the place of the one in the URL. */
function revisionOf({ branch, tag, rev }: PlaceOptions, source: SourceSetting): SourceSetting {
  const stated = branch !== null ? { branch } : tag !== null ? { tag } : rev !== null ? { rev } : null
  if (!stated) return source
  const { git = '', subdirectory } = source
  return { git, ...stated, ...(subdirectory ? { subdirectory } : {}) }
}
