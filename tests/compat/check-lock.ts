/** Is a lock right for a world? Judged from the world's own data, at every point, and not through the resolver. */
import { holds, type Point } from './marker.ts'
import { compareVersions, fits } from './version.ts'
import type { World } from './world.ts'

/** A lock as `pybun lock --json` shows it. */
export interface Lock {
  packages: LockedPackage[]
}

export interface LockedPackage {
  name: string
  version: string
  marker: string | null
  dependencies: Edge[]
}

interface Edge {
  name: string
  version: string
  extra: string | null
  because_of_extra: string | null
  marker: string | null
}

const MACHINES: Point[] = [
  { sys_platform: 'linux', platform_system: 'Linux', os_name: 'posix', platform_machine: 'x86_64' },
  { sys_platform: 'linux', platform_system: 'Linux', os_name: 'posix', platform_machine: 'aarch64' },
  { sys_platform: 'darwin', platform_system: 'Darwin', os_name: 'posix', platform_machine: 'arm64' },
  { sys_platform: 'win32', platform_system: 'Windows', os_name: 'nt', platform_machine: 'AMD64' },
]
const PYTHONS = [
  '3.8.0',
  '3.8.20',
  '3.9.0',
  '3.9.25',
  '3.10.0',
  '3.10.3',
  '3.10.4',
  '3.11.9',
  '3.12.0',
  '3.13.1',
  '3.14.0',
]
const IMPLEMENTATIONS = [
  { implementation_name: 'cpython', platform_python_implementation: 'CPython' },
  { implementation_name: 'pypy', platform_python_implementation: 'PyPy' },
]

/** Every (Python, platform) that a world is resolved for, as far as its markers can tell them apart. */
export function points(python: string): Point[] {
  return PYTHONS.filter((full) => compareVersions(full, python) >= 0).flatMap((full) =>
    MACHINES.flatMap((machine) =>
      IMPLEMENTATIONS.map((implementation) => ({
        ...machine,
        ...implementation,
        python_full_version: full,
        python_version: full.split('.').slice(0, 2).join('.'),
        implementation_version: full,
      })),
    ),
  )
}

/** What is wrong, at most the first complaint of each point. */
export function complaints(world: World, lock: Lock): string[] {
  return points(world.python).flatMap((point) => {
    const where = `${point.sys_platform} ${point.platform_machine} ${point.implementation_name} ${point.python_full_version}`
    const wrong = complaint(world, lock, point)
    return wrong ? [`${where}: ${wrong}`] : []
  })
}

function complaint(world: World, lock: Lock, point: Point): string | null {
  const chosen = new Map<string, LockedPackage>()
  for (const locked of lock.packages.filter(({ marker }) => holds(marker, point))) {
    const other = chosen.get(locked.name)
    if (other) return `${locked.name} is there twice: ${other.version} and ${locked.version}`
    chosen.set(locked.name, locked)
  }
  const needed = needs(world, chosen, point)
  if (typeof needed === 'string') return needed
  const needless = [...chosen.keys()].filter((name) => !needed.has(name))
  if (needless.length > 0) return `nobody needs ${needless.join(', ')}`
  const walked = [...reached(world, lock, chosen, point)].sort().join(' ')
  const wanted = [...needed].map((name) => `${name}==${chosen.get(name)?.version}`).sort()
  return walked === wanted.join(' ') ? null : `edges lead to ${walked}, and ${wanted.join(' ')} is needed`
}

/** The names that the requirements come to, each met by the chosen version; or what is not met. */
function needs(world: World, chosen: Map<string, LockedPackage>, point: Point): Set<string> | string {
  const needed = new Set<string>()
  const seen = new Set<string>()
  const work = world.requirements.map((text) => ({ text, by: 'the project' }))
  for (let next = work.pop(); next; next = work.pop()) {
    const { name, extras, specifier, marker } = read(next.text)
    if (!holds(marker, point)) continue
    const locked = chosen.get(name)
    if (!locked) return `${next.by} needs ${next.text}, and ${name} is not there`
    const { version } = locked
    if (!fits(version, specifier)) return `${next.by} needs ${next.text}, and ${version} was chosen`
    const release = world.packages[name]?.[version]
    if (!release) return `${name} has no version ${version}`
    if (!startsAt(release.requires_python, point)) return `${name} ${version} needs Python ${release.requires_python}`
    needed.add(name)
    for (const extra of [null, ...extras]) {
      const key = `${name}[${extra ?? ''}]`
      if (seen.has(key)) continue
      seen.add(key)
      const requires = extra === null ? release.requires : (release.extras[extra] ?? [])
      work.push(...requires.map((text) => ({ text, by: `${name}${extra ? `[${extra}]` : ''} ${version}` })))
    }
  }
  return needed
}

/** `name==version` of everything that the lock's own edges lead to. */
function reached(world: World, lock: Lock, chosen: Map<string, LockedPackage>, point: Point): Set<string> {
  const found = new Set<string>()
  const seen = new Set<string>()
  const work: { name: string; version: string | undefined; extra: string | null }[] = []
  for (const { name, extras, marker } of world.requirements.map(read)) {
    if (!holds(marker, point)) continue
    for (const extra of [null, ...extras]) work.push({ name, version: chosen.get(name)?.version, extra })
  }
  for (let next = work.pop(); next; next = work.pop()) {
    const key = `${next.name}==${next.version}`
    found.add(key)
    if (seen.has(`${key} ${next.extra}`)) continue
    seen.add(`${key} ${next.extra}`)
    if (next.extra !== null) work.push({ ...next, extra: null })
    const locked = lock.packages.find(({ name, version }) => name === next.name && version === next.version)
    const edges = locked?.dependencies.filter(({ because_of_extra }) => because_of_extra === next.extra) ?? []
    work.push(...edges.filter(({ marker }) => holds(marker, point)))
  }
  return found
}

/**
 * Only where Pythons start counts: an upper bound of a release is a guess about Pythons that did not exist, and neither
 * uv nor PyBun lets it steer a universal resolution (docs/compatibility.md).
 */
function startsAt(requires_python: string | undefined, point: Point): boolean {
  const clauses = (requires_python ?? '').split(',').filter((clause) => clause.startsWith('>='))
  return fits(point.python_full_version ?? '', clauses.join(','))
}

function read(text: string): { name: string; extras: string[]; specifier: string; marker: string | null } {
  const found = /^([A-Za-z0-9._-]+)\s*(?:\[(.*?)\])?\s*([^;]*?)\s*(?:;\s*(.*))?$/.exec(text)
  const [, name = '', extras, specifier = '', marker] = found ?? []
  return { name, extras: extras?.split(/\s*,\s*/) ?? [], specifier, marker: marker ?? null }
}
