import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ROOT, repositoryFiles, textOf } from './repository.ts'

const files = repositoryFiles().filter((path) => path !== 'tests/tidy/text.test.ts' && path !== 'package-lock.json')
const code = files.filter((path) => /\.(ts|mts|mjs|cjs|js|rs|py)$/.test(path))

describe('no file says', () => {
  it.each([
    ['unfinished', /\b(TODO|FIXME|XXX)\b|\b(todo|unimplemented)!\(/],
    ['a path of one machine', /(^|[\s"'`(=])\/(work|root|farm|home\/(?!me\b|user\b|you\b)\w+)\//m],
    ['focused or skipped test', /\b(it|test|describe)\.(only|skip|todo)\b|#\[ignore/],
  ])('%s', (_name, pattern) => {
    expect(files.filter((path) => pattern.test(textOf(path) ?? ''))).toEqual([])
  })
})

it('the public index is named in one place of the product', () => {
  const product = code.filter((path) => /^(ts|crates|npm|scripts)\//.test(path))
  const naming = product.filter((path) => /pypi\.org|pythonhosted\.org/.test(textOf(path) ?? ''))
  expect(naming).toEqual(['crates/model/src/public_index.rs'])
})

it('files are named alike: words with dashes in TypeScript, with underscores in Rust', () => {
  const typescript = files.filter((path) => /^ts\/.*\.ts$/.test(path) && !/^[a-z0-9/.-]+$/.test(path))
  const rust = files.filter((path) => /^crates\/.*\/src\/.*\.rs$/.test(path) && !/\/src\/[a-z0-9_/]+\.rs$/.test(path))
  expect([...typescript, ...rust]).toEqual([])
})

it('all packages have one version', () => {
  const read = (path: string) => readFileSync(ROOT + path, 'utf8')
  const workspace = (JSON.parse(read('package.json')) as { version: string }).version
  const main = (JSON.parse(read('npm/pybun/package.json')) as { version: string }).version
  const cargo = /\[workspace\.package\]\s+version = "([^"]+)"/.exec(read('Cargo.toml'))?.[1]
  expect([main, cargo]).toEqual([workspace, workspace])
})
