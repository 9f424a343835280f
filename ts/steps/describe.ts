import { relative } from 'node:path'
import type { Environment } from '../model/native.ts'
import type { Applied } from './apply.ts'
import type { Context } from './context.ts'
import { keepsLock } from './environment.ts'
import type { ProjectPlace } from './load.ts'
import type { Synced } from './sync.ts'

/** What an installation did: the result for a program, the lines for a person. */
export interface Description {
  result: Record<string, unknown>
  summary: string[]
}

export function describeSync(context: Context, place: ProjectPlace, synced: Synced): Description {
  const { environment, locked, applied, own } = synced
  const kept_lock = keepsLock(context)
  const { result, summary } = describeEnvironment(context, environment, applied)
  return {
    result: {
      ...result,
      lock: kept_lock ? { path: place.project.lock_path, changed: locked.changed } : null,
      project: own ? { name: own.name, version: own.version } : null,
    },
    summary: [...summary, ...(own?.changed ? [` ~ ${own.name} (this project, editable)`] : [])],
  }
}

/** The same for what was only planned. */
export function describePlanned({ result, summary }: Description): Description {
  const [headline = '', ...lines] = summary
  const said = headline
    .replace(/^Installed/, 'Would install')
    .replace(/^Removed/, 'Would remove')
    .replace(/, removed /, ', remove ')
  return { result: { ...result, dry_run: true }, summary: [said, ...lines] }
}

export function describeEnvironment(context: Context, environment: Environment, applied: Applied): Description {
  const { changes, kept, downloaded, built, bytes } = applied
  return {
    result: {
      environment: environment.path,
      python: environment.version,
      changes,
      unchanged: kept,
      downloaded,
      built,
      bytes,
    },
    summary: [headline(applied, shortPath(context, environment.path)), ...changes.map(changeLine)],
  }
}

/** A path as a person here would write it. */
export function shortPath(context: Context, path: string): string {
  const from_here = relative(context.system.cwd, path)
  return from_here && !from_here.startsWith('..') ? from_here : path
}

export function packages(count: number): string {
  return count === 1 ? '1 package' : `${count} packages`
}

function headline({ changes, kept }: Applied, where: string): string {
  if (changes.length === 0) return `Nothing to do: ${packages(kept)} in ${where}`
  const installed = changes.filter(({ op }) => op !== 'remove').length
  const removed = changes.length - installed
  const parts = [
    ...(installed ? [`Installed ${packages(installed)}`] : []),
    ...(removed ? [`${installed ? 'removed' : 'Removed'} ${packages(removed)}`] : []),
  ]
  return `${parts.join(', ')} in ${where}`
}

function changeLine({ op, name, version, from }: Applied['changes'][number]): string {
  switch (op) {
    case 'install':
      return ` + ${name} ${version}`
    case 'remove':
      return ` - ${name} ${version}`
    case 'replace':
      return from && from !== version ? ` ~ ${name} ${from} -> ${version}` : ` ~ ${name} ${version}`
  }
}
