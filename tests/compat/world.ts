import type { Packages, Release } from '../index/index.mjs'

/** A small invented index and what is asked of it. The same seed always gives the same world. */
export interface World {
  seed: number
  packages: Packages
  requirements: string[]
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

/** Up to 14 projects with up to 6 releases each; pre-releases, yanked and too new ones, extras and markers among them. */
export function randomWorld(seed: number): World {
  const random = randomNumbers(seed)
  const pick = <T>(items: T[]): T => items[Math.floor(random() * items.length)] as T
  const names = Array.from({ length: 4 + Math.floor(random() * 11) }, (_, at) => `pkg-${String.fromCharCode(97 + at)}`)
  const versions = new Map(names.map((name) => [name, randomVersions(random)]))
  const requirement = (name: string) => `${name}${randomSpecifier(random, versions.get(name) ?? [])}`
  const packages: Packages = {}
  for (const name of names) {
    const others = names.filter((other) => other !== name)
    packages[name] = Object.fromEntries(
      (versions.get(name) ?? []).map((version) => [version, randomRelease({ random, others, pick, requirement })]),
    )
  }
  const asked = [...new Set(Array.from({ length: 1 + Math.floor(random() * 4) }, () => pick(names)))]
  const requirements = asked.map((name) => {
    const extra = random() < 0.2 ? '[fast]' : ''
    return requirement(name).replace(name, `${name}${extra}`)
  })
  return { seed, packages, requirements }
}

function randomVersions(random: () => number): string[] {
  const versions = new Set<string>()
  const count = 1 + Math.floor(random() * 6)
  while (versions.size < count) {
    const release = `${1 + Math.floor(random() * 3)}.${Math.floor(random() * 4)}`
    versions.add(random() < 0.08 ? `${release}${random() < 0.5 ? 'a1' : 'rc1'}` : release)
  }
  return [...versions]
}

function randomSpecifier(random: () => number, versions: string[]): string {
  const version = versions[Math.floor(random() * versions.length)] ?? '1.0'
  const chance = random()
  if (chance < 0.35) return ''
  if (chance < 0.6) return `>=${version}`
  if (chance < 0.75) return `<${version.replace(/(a|rc)1$/, '')}.1`
  if (chance < 0.83) return `!=${version}`
  if (chance < 0.93) return `~=${version.replace(/(a|rc)1$/, '')}`
  return `==${version}`
}

function randomRelease(with_: {
  random: () => number
  others: string[]
  pick: <T>(items: T[]) => T
  requirement: (name: string) => string
}): Release {
  const { random, others, pick, requirement } = with_
  const requires = Array.from({ length: Math.floor(random() * 3.2) }, () => {
    const text = requirement(pick(others))
    const chance = random()
    if (chance < 0.06) return `${text} ; sys_platform == 'win32'`
    if (chance < 0.12) return `${text} ; python_version >= '3.8'`
    return text
  })
  return {
    requires,
    ...(random() < 0.3 ? { extras: { fast: [requirement(pick(others))] } } : {}),
    ...(random() < 0.05 ? { requires_python: '>=3.99' } : {}),
    ...(random() < 0.05 ? { yanked: 'not good' } : {}),
  }
}
