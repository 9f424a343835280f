import { Failure } from '../errors/failure.ts'
import type { Event } from '../model/event.ts'
import type { Imported, Outdated } from '../model/native.ts'
import type { Problem } from '../model/problem.ts'
import type { Native } from './native.ts'

/** The exports of the addon, untyped: JSON text in, JSON text out. */
export type Addon = Record<string, (...values: unknown[]) => unknown>

/**
 * Puts the typed face over the addon. The addon is loaded at the first call, since many commands need none.
 * `warn` gets the problems that came with a success.
 */
export function connect(load: () => Promise<Addon>, warn: (problem: Problem) => void): Native {
  async function call<T>(name: string, request: unknown, ...more: unknown[]): Promise<Answer<T>> {
    const addon = await load()
    const found = addon[name]
    if (!found) throw new Error(`the addon has no \`${name}\``)
    return settle<T>(await found.call(addon, JSON.stringify(request), ...more), warn)
  }
  const value =
    <Q, T>(name: string) =>
    async (request: Q): Promise<T> =>
      (await call<T>(name, request)).value
  const withLock =
    <Q, T>(name: string) =>
    async (request: Q, lock: Buffer): Promise<T> =>
      (await call<T>(name, request, lock)).value
  const withEvents =
    <Q, T>(name: string) =>
    async (request: Q, onEvent: (event: Event) => void): Promise<T> =>
      (await call<T>(name, request, listen(onEvent, warn))).value

  return {
    version: async () => String((await load()).version?.()),
    manifestParse: value('manifestParse'),
    manifestEdit: value('manifestEdit'),
    tomlParse: value('tomlParse'),
    scriptParse: value('scriptParse'),
    requirementParse: value('requirementParse'),
    requirementsRead: value('requirementsRead'),
    pythonFind: value('pythonFind'),
    pythonVersions: value('pythonVersions'),
    pythonChoose: value('pythonChoose'),
    environmentEnsure: value('environmentEnsure'),
    environmentRead: value('environmentRead'),
    environmentKnown: value('environmentKnown'),
    projectFind: value('projectFind'),
    projectPin: value('projectPin'),
    projectRead: async (request) => (await call<null>('projectRead', request)).bytes,
    fileWrite: async (request, data) => (await call<null>('fileWrite', request, data)).value,
    dataDirectoryEnsure: value('dataDirectoryEnsure'),
    async resolve(request, previous, onEvent) {
      const answer = await call<Awaited<ReturnType<Native['resolve']>>['resolution']>(
        'resolve',
        request,
        previous,
        listen(onEvent, warn),
      )
      if (!answer.bytes) throw new Error('the addon resolved and gave no lock')
      return { resolution: answer.value, lock: answer.bytes }
    },
    sourceDescribe: withEvents('sourceDescribe'),
    async importForeign(request) {
      const answer = await call<Imported>('importForeign', request)
      if (!answer.bytes) throw new Error('the addon imported and gave no preferences')
      return { imported: answer.value, preferences: answer.bytes }
    },
    async lockDecode(lock) {
      const addon = await load()
      if (!addon.lockDecode) throw new Error('the addon has no `lockDecode`')
      return settle<Record<string, unknown>>(await addon.lockDecode(lock), warn).value
    },
    lockCheck: withLock('lockCheck'),
    lockExport: async (request, lock, onEvent) =>
      (await call<{ text: string; lost: string[] }>('lockExport', request, lock, listen(onEvent, warn))).value,
    async lockMerge({ base, ours, theirs }) {
      const addon = await load()
      if (!addon.lockMerge) throw new Error('the addon has no `lockMerge`')
      const answer = settle<{ sides: number }>(await addon.lockMerge(base, ours, theirs), warn)
      return { found: answer.value.sides, preferences: answer.bytes }
    },
    lockOutdated: async (request, lock, onEvent) =>
      (await call<{ packages: Outdated[] }>('lockOutdated', request, lock, listen(onEvent, warn))).value,
    lockTree: withLock('lockTree'),
    lockWhy: withLock('lockWhy'),
    plan: withLock('plan'),
    fetchPlan: withEvents('fetchPlan'),
    applyPlan: withEvents('applyPlan'),
    installProject: withEvents('installProject'),
    uninstall: value('uninstall'),
    cacheSize: value('cacheSize'),
    cacheVerify: value('cacheVerify'),
    cacheCollect: value('cacheCollect'),
    bytecodeBeside: value('bytecodeBeside'),
    cacheDue: value('cacheDue'),
    stampKey: value('stampKey'),
    stampWrite: value('stampWrite'),
    lockDirectory: value('lockDirectory'),
    unlockDirectory: value('unlockDirectory'),
    exec: value('exec'),
  }
}

interface Answer<T> {
  value: T
  bytes: Buffer | null
}

type Wire<T> = { ok: true; value: T; warnings?: Problem[] } | { ok: false; problems: Problem[] }

function settle<T>(returned: unknown, warn: (problem: Problem) => void): Answer<T> {
  const text = typeof returned === 'string' ? returned : (returned as { json: string }).json
  const bytes = typeof returned === 'string' ? null : ((returned as { bytes?: Buffer }).bytes ?? null)
  const wire = JSON.parse(text) as Wire<T>
  if (!wire.ok) throw new Failure(wire.problems)
  for (const warning of wire.warnings ?? []) warn(warning)
  return { value: wire.value, bytes }
}

function listen(onEvent: (event: Event) => void, warn: (problem: Problem) => void): (...values: unknown[]) => void {
  // A thread-safe function of napi puts an error, or nothing, before the value.
  return (...values) => {
    const text = values.at(-1)
    if (typeof text !== 'string') return
    const told = JSON.parse(text, absentWhenNull) as Event | { kind: 'warning'; problem: Problem }
    if (told.kind === 'warning') warn(told.problem)
    else onEvent(told)
  }
}

/** The wire says `null` where an event has nothing to say. */
function absentWhenNull(_key: string, value: unknown): unknown {
  return value === null ? undefined : value
}
