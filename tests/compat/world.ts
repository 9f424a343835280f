/** Small invented indexes and what is asked of them. The same seed always gives the same world. */
import { createHash } from 'node:crypto'

export interface World {
  seed: number
  /** The oldest Python to resolve for, such as `3.9`; there is no upper bound. */
  python: string
  /** Project -> version -> release. */
  packages: Record<string, Record<string, WorldRelease>>
  requirements: string[]
}

export interface WorldRelease {
  requires: string[]
  extras: Record<string, string[]>
  requires_python?: string
  yanked?: string
}

/** Changes whenever a world with the same seed has become another one. */
export function fingerprint(world: World): string {
  return createHash('sha256').update(JSON.stringify(world)).digest('hex').slice(0, 6)
}

/** Numbers in [0, 1) from a 32-bit seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** Each with its negation, so that one project can be asked for twice without an overlap. */
const MARKERS: [string, string][] = [
  ["sys_platform == 'win32'", "sys_platform != 'win32'"],
  ["sys_platform == 'linux'", "sys_platform != 'linux'"],
  ["platform_system == 'Darwin'", "platform_system != 'Darwin'"],
  ["os_name == 'nt'", "os_name != 'nt'"],
  ["platform_machine == 'aarch64'", "platform_machine != 'aarch64'"],
  ["implementation_name == 'pypy'", "implementation_name != 'pypy'"],
  ["python_version < '3.11'", "python_version >= '3.11'"],
  ["python_version >= '3.12'", "python_version < '3.12'"],
  ["python_full_version < '3.10.4'", "python_full_version >= '3.10.4'"],
  ["sys_platform == 'linux' and python_version < '3.12'", "sys_platform != 'linux' or python_version >= '3.12'"],
  [
    "sys_platform == 'darwin' or platform_machine == 'aarch64'",
    "sys_platform != 'darwin' and platform_machine != 'aarch64'",
  ],
]

/** 3 to 15 projects with up to 6 releases each, and 1 to 5 requirements. A third of the worlds has no markers. */
export function randomWorld(seed: number): World {
  const dice = new Dice(seed)
  const names = Array.from({ length: dice.between(3, 15) }, (_, at) => `pkg-${String.fromCharCode(97 + at)}`)
  const versions = new Map(names.map((name) => [name, randomVersions(dice)]))
  const forks = dice.under(0.67) ? dice.next() * 0.3 : 0
  const require = (name: string, extras: string) => randomRequirement({ dice, forks, versions, name, extras })
  const packages: World['packages'] = {}
  for (const name of names) {
    const others = names.filter((other) => other !== name)
    const releases = (versions.get(name) ?? []).map((version) => [version, randomRelease(dice, name, others, require)])
    packages[name] = Object.fromEntries(releases)
  }
  const asked = new Set(Array.from({ length: dice.between(1, 5) }, () => dice.pick(names)))
  const requirements = [...asked].flatMap((name) => require(name, randomExtras(dice)))
  return { seed, python: dice.pick(['3.8', '3.9', '3.9', '3.10', '3.12']), packages, requirements }
}

class Dice {
  next: () => number
  constructor(seed: number) {
    this.next = randomNumbers(seed)
  }
  under(chance: number): boolean {
    return this.next() < chance
  }
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1))
  }
  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.next() * items.length)] as T
  }
}

function randomVersions(dice: Dice): string[] {
  const versions = new Set<string>()
  const count = dice.between(1, 6)
  while (versions.size < count) {
    const epoch = dice.under(0.01) ? '1!' : ''
    const release = `${epoch}${dice.between(1, 3)}.${dice.between(0, 3)}`
    const chance = dice.next()
    if (chance < 0.07) versions.add(`${release}${dice.pick(['a1', 'b2', 'rc1'])}`)
    else if (chance < 0.1) versions.add(`${release}.post1`)
    else if (chance < 0.14) versions.add(`${release}+${dice.pick(['cpu', 'cu12', 'abc.1'])}`)
    else if (chance < 0.15) versions.add(`${release}.dev1`)
    else versions.add(release)
  }
  return [...versions]
}

/** One requirement, or two whose markers exclude each other. */
function randomRequirement(of: {
  dice: Dice
  forks: number
  versions: Map<string, string[]>
  name: string
  extras: string
}): string[] {
  const { dice, forks, versions, name, extras } = of
  const text = () => `${name}${extras}${randomSpecifier(dice, versions.get(name) ?? [])}`
  if (!dice.under(forks)) return [text()]
  const [marker, negation] = dice.pick(MARKERS)
  if (dice.under(0.5)) return [`${text()} ; ${dice.pick([marker, negation])}`]
  return [`${text()} ; ${marker}`, `${text()} ; ${negation}`]
}

function randomSpecifier(dice: Dice, versions: string[]): string {
  const version = dice.pick(versions) ?? '1.0'
  const plain = version.replace(/(a1|b2|rc1|\.post1|\.dev1|\+.*)$/, '')
  const chance = dice.next()
  if (chance < 0.35) return ''
  if (chance < 0.55) return `>=${version.replace(/\+.*$/, '')}`
  if (chance < 0.63) return `<${plain}.1`
  if (chance < 0.66) return `>${plain}`
  if (chance < 0.69) return `<=${plain}`
  if (chance < 0.72) return `<${plain}`
  if (chance < 0.77) return `!=${version}`
  if (chance < 0.8) return `!=${plain}.*`
  if (chance < 0.86) return `~=${plain}`
  if (chance < 0.9) return `==${plain.replace(/\.\d+$/, '')}.*`
  if (chance < 0.93)
    return `>=${plain},<${Number(plain.replace(/^.*!|\..*$/g, '')) + 1}`.replace(/<(\d+)$/, upper(plain))
  return `==${version}`
}

/** Keeps the epoch of the lower bound. */
function upper(plain: string): string {
  return plain.includes('!') ? '<1!$1' : '<$1'
}

function randomExtras(dice: Dice): string {
  if (!dice.under(0.2)) return ''
  return dice.pick(['[fast]', '[slow]', '[all]', '[fast,slow]', '[unknown]'])
}

function randomRelease(
  dice: Dice,
  name: string,
  others: string[],
  require: (name: string, extras: string) => string[],
): WorldRelease {
  const some = (most: number) =>
    Array.from({ length: Math.floor(dice.next() * most) }, () => require(dice.pick(others), randomExtras(dice))).flat()
  const release: WorldRelease = { requires: some(3.2), extras: {} }
  if (dice.under(0.35)) {
    release.extras.fast = some(2.5)
    release.extras.slow = some(2.2)
    if (dice.under(0.4)) release.extras.all = [`${name}[fast,slow]`]
  }
  const chance = dice.next()
  if (chance < 0.04) release.requires_python = '>=3.99'
  else if (chance < 0.07) release.requires_python = '>=3.12'
  else if (chance < 0.1) release.requires_python = '>=3.10'
  else if (chance < 0.12) release.requires_python = '>=3.8,<3.11'
  else if (chance < 0.3) release.requires_python = '>=3.7'
  if (dice.under(0.05)) release.yanked = 'not good'
  return release
}
