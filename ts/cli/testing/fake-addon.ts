import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ManifestEdit, ResolveRequest } from '../../model/native.ts'
import type { Problem } from '../../model/problem.ts'
import type { Addon } from '../../native/connect.ts'
import { ancestors } from '../../project/project.ts'
import { normalised } from '../../steps/own.ts'
import { parseToml, type TomlTable } from './toml.ts'

/** An addon in JavaScript: an index that is a table, environments that are directories, locks that are JSON. */
export function fakeAddon(world: World = {}): Addon & { calls: string[] } {
  const calls: string[] = []
  const index: Record<string, string> = { flask: '3.1.2', werkzeug: '3.1.0', pytest: '8.4.1', ...world.index }
  const answer =
    (work: (request: never) => unknown) =>
    (text: unknown, ...more: unknown[]) => {
      try {
        return JSON.stringify({ ok: true, value: work.call(more, JSON.parse(String(text)) as never) })
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        return JSON.stringify({ ok: false, problems: [error.problem] })
      }
    }
  const exports: Addon = {
    version: () => '0.1.0',
    tomlParse: answer(({ text, path }: { text: string; path: string }) => parseToml(text, path, refuse)),
    manifestParse: answer(({ text, path }: { text: string; path: string }) => manifest(text, path)),
    manifestEdit: answer(({ text, edits }: { text: string; edits: ManifestEdit[] }) => edit(text, edits)),
    requirementParse: answer(({ text }: { text: string }) => requirement(text)),
    requirementsRead: answer(() => ({
      requirements: ['flask'],
      sources: [],
      constraints: [],
      hashes: {},
      index_url: null,
      extra_index_urls: [],
      find_links: [],
      no_index: false,
      no_binary: [],
      only_binary: [],
      prefer_binary: false,
      pre: false,
    })),
    scriptParse: answer(({ text }: { text: string }) => ({
      found: text.includes('# /// script'),
      requires_python: null,
      dependencies: [...text.matchAll(/^# {3}"(.*)",?$/gm)].map((found) => found[1]),
      tool_pybun: null,
    })),
    pythonFind: answer(() => ({ interpreters: [interpreter] })),
    pythonVersions: answer(({ text }: { text: string }) => ({ understood: /^[<>=!~\d]/.test(text) })),
    pythonChoose: answer(() => interpreter),
    environmentEnsure: answer(({ path }: { path: string }) => environment(path)),
    environmentRead: answer(({ path }: { path: string }) => environment(path)),
    environmentKnown: answer(({ path }: { path: string }) => ({ known: existsSync(path) })),
    projectFind: answer(({ cwd }: { cwd: string }) => ({ root: nearest(cwd, 'pyproject.toml') })),
    projectPin: answer(({ start }: { start: string }) => {
      const directory = nearest(start, '.python-version')
      return { text: directory ? readFileSync(join(directory, '.python-version'), 'utf8') : null }
    }),
    projectRead(text) {
      const { path } = JSON.parse(String(text)) as { path: string }
      const bytes = existsSync(path) ? readFileSync(path) : undefined
      return { json: JSON.stringify({ ok: true, value: null }), bytes }
    },
    fileWrite(text, data) {
      const { path } = JSON.parse(String(text)) as { path: string }
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, data as Buffer)
      return JSON.stringify({ ok: true, value: null })
    },
    dataDirectoryEnsure: answer(() => null),
    lockDirectory: answer(() => ({ token: 1 })),
    unlockDirectory: answer(() => null),
    stampKey: answer(({ kind }: { kind: string }) => ({ key: `${kind}-key` })),
    stampWrite: answer(() => null),
    exec: answer(() => null),
    bytecodeBeside: answer(() => null),
    cacheDue: answer(() => false),
    fetchPlan: answer(() => ({ downloaded: 1, built: 0, bytes: 10 })),
    applyPlan: answer(() => world.apply ?? { installed: [], removed: [] }),
    installProject: answer(() => ({ name: 'demo', version: '0.1.0' })),
    plan(_text, lock) {
      const { packages } = JSON.parse(String(lock)) as FakeLock
      const ops = packages.map(({ name, version }) => ({
        op: 'install',
        name,
        version,
        from: null,
        file: null,
        size: 1,
      }))
      return JSON.stringify({ ok: true, value: { id: 1, ops, settled: ops.length === 0 } })
    },
    lockDecode: (lock) => JSON.stringify({ ok: true, value: JSON.parse(String(lock)) }),
    lockCheck(text, lock) {
      const { roots } = JSON.parse(String(text)) as ResolveRequest
      const fresh = JSON.stringify(roots) === JSON.stringify((JSON.parse(String(lock)) as FakeLock).roots)
      return JSON.stringify({ ok: true, value: { fresh, reasons: fresh ? [] : ['the dependencies differ'] } })
    },
    async resolve(text, _previous, onEvent) {
      const { roots } = JSON.parse(String(text)) as ResolveRequest
      ;(onEvent as (event: string) => void)(
        JSON.stringify({ kind: 'progress', phase: 'resolve', name: null, done: 1, total: null, unit: 'packages' }),
      )
      try {
        const packages = roots
          .flatMap((root) => root.requirements)
          .map((typed) => {
            const { name } = requirement(typed)
            const version = index[name] ?? refuse({ code: 'resolve/unknown-package', message: `There is no ${name}` })
            return { name, version }
          })
        const changes = packages.map(({ name, version }) => ({ name, from: null, to: version }))
        const bytes = Buffer.from(JSON.stringify({ roots, packages } satisfies FakeLock))
        return { json: JSON.stringify({ ok: true, value: { packages, changes } }), bytes }
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        return { json: JSON.stringify({ ok: false, problems: [error.problem] }) }
      }
    },
  }
  for (const [name, problem] of Object.entries(world.fails ?? {})) {
    exports[name] = () => {
      if (problem instanceof Error) throw problem
      return JSON.stringify({ ok: false, problems: [problem] })
    }
  }
  const recorded = Object.entries(exports).map(([name, call]): [string, Addon[string]] => [
    name,
    (...values) => {
      calls.push(name)
      return call(...values)
    },
  ])
  return Object.assign(Object.fromEntries(recorded), { calls }) as Addon & { calls: string[] }
}

export interface World {
  index?: Record<string, string>
  /** Exports that fail, with a problem or, as a bug would, by throwing. */
  fails?: Record<string, Problem | Error>
  apply?: unknown
}

interface FakeLock {
  roots: ResolveRequest['roots']
  packages: { name: string; version: string }[]
}

class Refusal extends Error {
  readonly problem: Problem
  constructor(problem: Problem) {
    super(problem.message)
    this.problem = problem
  }
}

function refuse(problem: Problem): never {
  throw new Refusal(problem)
}

const interpreter = {
  path: process.execPath,
  version: '3.12.1',
  implementation: 'cpython',
  prefix: '/usr',
  platform: 'linux',
  origin: 'path',
}

function environment(path: string) {
  const bin = join(path, 'bin')
  mkdirSync(bin, { recursive: true })
  // Whatever it is given, this Python says so and ends with 3.
  const source = '#!/bin/sh\necho "python $*"\necho "import oops" >&2\nexit 3\n'
  writeFileSync(join(bin, 'python'), source, { mode: 0o755 })
  return { path, python: join(bin, 'python'), version: '3.12.1', site_packages: join(path, 'site'), created: false }
}

function nearest(start: string, name: string): string | null {
  return ancestors(start).find((directory) => existsSync(join(directory, name))) ?? null
}

function requirement(text: string) {
  const found = /^([\w.-]+)(?:\[([^\]]*)\])?\s*([^;@]*)(?:@\s*(\S+))?(?:;(.*))?$/.exec(text.trim())
  if (!found) return refuse({ code: 'requirement/invalid', message: `\`${text}\` is not a requirement` })
  const [, name = '', extras, specifier = '', url, marker] = found
  return {
    name: normalised(name),
    extras: extras ? extras.split(',') : [],
    specifier: specifier.trim(),
    url: url ?? null,
    marker: marker?.trim() ?? null,
  }
}

function manifest(text: string, path: string) {
  const { value, positions } = parseToml(text, path, refuse)
  const project = value.project as TomlTable | undefined
  const tool = value.tool as { pybun?: TomlTable } | undefined
  return {
    name: project?.name ?? null,
    version: project?.version ?? null,
    requires_python: project?.['requires-python'] ?? null,
    dependencies: project?.dependencies ?? [],
    optional_dependencies: project?.['optional-dependencies'] ?? {},
    dependency_groups: value['dependency-groups'] ?? {},
    scripts: {},
    build_backend: null,
    build_requires: [],
    has_project: project !== undefined,
    has_build_system: 'build-system' in value,
    tool_pybun: tool?.pybun ?? null,
    positions,
  }
}

/** Rewrites the one line of an array, which is all that these tests have. */
function edit(text: string, edits: ManifestEdit[]) {
  let result = text
  for (const wish of edits) {
    if (wish.kind === 'set-source' || wish.kind === 'remove-source') continue
    const key = wish.table === 'project' ? 'dependencies' : (wish.table_name ?? '')
    if (!new RegExp(`^${key} = `, 'm').test(result)) result += `\n[dependency-groups]\n${key} = []\n`
    result = result.replace(new RegExp(`^${key} = (.*)$`, 'm'), (_line, array: string) => {
      const name = wish.kind === 'add' ? requirement(wish.requirement).name : normalised(wish.name)
      const others = (JSON.parse(array) as string[]).filter((item) => requirement(item).name !== name)
      return `${key} = ${JSON.stringify(wish.kind === 'add' ? [...others, wish.requirement] : others)}`
    })
  }
  const named = (kind: string) => edits.filter((wish) => wish.kind === kind)
  return {
    text: result,
    added: named('add').map((wish) => (wish as { requirement: string }).requirement),
    removed: named('remove').map((wish) => (wish as { name: string }).name),
  }
}
