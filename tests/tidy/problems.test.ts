import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { repositoryFiles, textOf } from './repository.ts'

const { steps, shared } = JSON.parse(readFileSync(new URL('problems.json', import.meta.url), 'utf8')) as {
  steps: string[]
  shared: Record<string, string>
}
const TEST = /\.test\.ts$|\/(testing|tests?|examples)\/|[_/]tests?\.rs$/
const sources = repositoryFiles('ts', 'crates').filter(
  (path) => (path.endsWith('.ts') || path.endsWith('.rs')) && !TEST.test(path),
)
const found = sources.flatMap((path) => codesIn(path).map((code) => ({ code, path })))

it('finds the catalogue', () => {
  expect(new Set(found.map(({ code }) => code)).size).toBeGreaterThan(30)
})

it('every code belongs to one part of the program, or is named as shared', () => {
  const owners = new Map<string, Set<string>>()
  for (const { code, path } of found) owners.set(code, (owners.get(code) ?? new Set()).add(ownerOf(path)))
  const several = [...owners].filter(([, parts]) => parts.size > 1).map(([code]) => code)
  expect(several.sort()).toEqual(Object.keys(shared).sort())
})

it('TypeScript makes problems in ts/errors only', () => {
  const bad = found.filter(
    ({ code, path }) => path.startsWith('ts/') && !path.startsWith('ts/errors/') && !isCompared(path, code),
  )
  expect(bad).toEqual([])
})

it('every problem begins with a step that is known', () => {
  const made = sources.flatMap((path) =>
    [...bodyOf(path).matchAll(/(?:\bcode: '|Problem::new\(\s*")([^'"]*)['"]/g)].map((match) => match[1] ?? ''),
  )
  expect(made.length).toBeGreaterThan(30)
  const bad = made.filter(
    (code) => !/^[a-z]+(-[a-z0-9]+)*\/[a-z0-9]+(-[a-z0-9]+)*$/.test(code) || !steps.includes(stepOf(code)),
  )
  expect(bad).toEqual([])
})

/** String literals of the form of a code; the unit tests at the end of a Rust file do not count. */
function codesIn(path: string): string[] {
  // Asking `code == "…"` makes no problem.
  const made = bodyOf(path).replace(/code ==+ ["'][^"']*["']/g, '')
  return [...made.matchAll(/['"]([a-z]+\/[a-z0-9]+(?:-[a-z0-9]+)*)['"]/g)]
    .map((match) => match[1] ?? '')
    .filter((code) => steps.includes(stepOf(code)))
}

function bodyOf(path: string): string {
  return (textOf(path) ?? '').replace(/\n#\[cfg\(test\)\]\nmod [\s\S]*$/, '')
}

/** `case 'cli/usage':` asks what a problem is, and makes none. */
function isCompared(path: string, code: string): boolean {
  return (textOf(path) ?? '').includes(`case '${code}'`)
}

function ownerOf(path: string): string {
  return path.startsWith('crates/') ? path.split('/').slice(0, 2).join('/') : 'ts'
}

function stepOf(code: string): string {
  return code.split('/')[0] ?? code
}
