import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT, repositoryFiles, textOf } from './repository.ts'

type May = Record<string, string[] | 'everything'>
const rooms = JSON.parse(readFileSync(new URL('rooms.json', import.meta.url), 'utf8')) as {
  rust: May
  typescript: May
  effects: Record<string, string[]>
}

describe('TypeScript rooms', () => {
  const files = repositoryFiles('ts').filter((path) => path.endsWith('.ts'))

  it('are all in the table, and every one in the table is there', () => {
    expect([...new Set(files.map(roomOf))].sort()).toEqual(Object.keys(rooms.typescript).sort())
  })

  it('import only what the table allows', () => {
    const found = files.flatMap((path) => importsOf(path).map((imported) => ({ path, imported })))
    expect(found.length).toBeGreaterThan(files.length)
    const bad = found.filter(({ path, imported }) => {
      const room = roomOf(path)
      const may = rooms.typescript[room]
      if (may === 'everything') return false
      if (!imported.startsWith('ts/')) return !(room === 'commands' && imported.startsWith('schemas/'))
      return roomOf(imported) !== room && !may?.includes(roomOf(imported))
    })
    expect(bad).toEqual([])
  })

  it('have effects only where the table says', () => {
    const bad = files
      .filter((path) => rooms.typescript[roomOf(path)] !== 'everything' && !path.endsWith('.test.ts'))
      .flatMap((path) => modulesOf(path).map((name) => ({ path, name })))
      .filter(({ path, name }) => rooms.effects[name] && !rooms.effects[name].includes(roomOf(path)))
    expect(bad).toEqual([])
  })

  it('write to a stream, end the process or read its variables only in cli and system', () => {
    const bad = files.filter((path) => {
      if (['cli', 'system', 'native'].includes(roomOf(path)) || path.endsWith('.test.ts')) return false
      return /\bprocess\.(stdout|stderr|exit|env|cwd|argv)\b|\bDate\.now\b|\bnew Date\b/.test(textOf(path) ?? '')
    })
    expect(bad).toEqual([])
  })
})

describe('crates', () => {
  interface Metadata {
    packages: { name: string; dependencies: { name: string; kind: string | null; path?: string }[] }[]
  }
  const text = execFileSync('cargo', ['metadata', '--no-deps', '--format-version', '1', '--offline'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  const { packages } = JSON.parse(text) as Metadata

  it('are all in the table, and every one in the table is there', () => {
    expect(packages.map(({ name }) => name).sort()).toEqual(Object.keys(rooms.rust).sort())
  })

  it('depend only on what the table allows', () => {
    const edges = packages.flatMap(({ name, dependencies }) =>
      dependencies.filter(({ path, kind }) => path && kind !== 'dev').map((to) => ({ from: name, to: to.name })),
    )
    expect(edges.length).toBeGreaterThan(0)
    const bad = edges.filter(({ from, to }) => rooms.rust[from] !== 'everything' && !rooms.rust[from]?.includes(to))
    expect(bad).toEqual([])
  })
})

function roomOf(path: string): string {
  return path.split('/')[1] ?? path
}

/** The files of ours that a file imports, from the root of the repository. */
function importsOf(path: string): string[] {
  return modulesOf(path)
    .filter((name) => name.startsWith('.'))
    .map((name) => normalize(join(dirname(path), name)))
}

function modulesOf(path: string): string[] {
  const text = textOf(path) ?? ''
  return [...text.matchAll(/(?:\bfrom|\bimport|\bimport\()\s*'([^']+)'/g)].map((found) => found[1] ?? '')
}
