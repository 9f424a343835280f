/** Several PyBun processes at once, in one project and on one cache. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type LocalIndex, startIndex } from '../index/index.mjs'
import { run } from './harness/run.ts'
import { type Sandbox, sandbox } from './harness/sandbox.ts'

const PACKAGES = {
  alpha: {
    '1.0': {
      requires: ['beta'],
      scripts: { alpha: 'alpha:main' },
      files: { 'alpha.py': 'def main(): print("alpha")\n' },
    },
  },
  beta: { '1.0': { files: { 'beta/__init__.py': '', 'beta/blob': { noise: 300_000 } } } },
  gamma: { '1.0': { requires: ['beta'] } },
}
const HEAD = '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.8"\n'

let index: LocalIndex
let box: Sandbox

beforeEach(async () => {
  index = await startIndex({ packages: PACKAGES, latencyMs: 20 })
  box = sandbox(null, index.url)
})

afterEach(async () => {
  await index.close()
  box.remove()
})

test('two additions to one project are both there in the end', async () => {
  writeFileSync(join(box.project, 'pyproject.toml'), `${HEAD}dependencies = []\n`)
  const both = await Promise.all(['alpha', 'gamma'].map((name) => run(box, { args: ['add', name], exit: 0 })))
  expect(
    both.map(({ exit }) => exit),
    both.map(({ stderr }) => stderr).join('\n'),
  ).toEqual([0, 0])
  expect((await run(box, { args: ['lock', '--check'], exit: 0 })).exit).toBe(0)
  const used = await run(box, { args: ['run', '-c', 'import alpha, gamma; print("both")'], exit: 0 })
  expect(used, used.stderr).toMatchObject({ exit: 0, stdout: 'both\n' })
})

test('six installations of one project at once', async () => {
  writeFileSync(join(box.project, 'pyproject.toml'), `${HEAD}dependencies = ["alpha", "gamma"]\n`)
  const all = await Promise.all(Array.from({ length: 6 }, () => run(box, { args: ['install'], exit: 0 })))
  expect(
    all.map(({ exit }) => exit),
    all.map(({ stderr }) => stderr).join('\n'),
  ).toEqual(Array(6).fill(0))
  const used = await run(box, { args: ['run', '-c', 'import alpha, beta, gamma; print("all")'], exit: 0 })
  expect(used, used.stderr).toMatchObject({ exit: 0, stdout: 'all\n' })
})

test('projects that share a cold cache fetch into it at once', async () => {
  const names = ['one', 'two', 'three', 'four']
  for (const name of names) {
    await run(box, { program: ['mkdir', name], exit: 0 })
    writeFileSync(join(box.project, name, 'pyproject.toml'), `${HEAD}dependencies = ["alpha", "gamma"]\n`)
  }
  const all = await Promise.all(names.map((cwd) => run(box, { cwd, args: ['run', 'alpha'], exit: 0 })))
  expect(
    all.map(({ exit, stdout }) => [exit, stdout]),
    all.map(({ stderr }) => stderr).join('\n'),
  ).toEqual(Array(4).fill([0, 'alpha\n']))
})

test('one tool asked for several times at once', async () => {
  const all = await Promise.all(Array.from({ length: 4 }, () => run(box, { args: ['x', 'alpha'], exit: 0 })))
  expect(
    all.map(({ exit, stdout }) => [exit, stdout]),
    all.map(({ stderr }) => stderr).join('\n'),
  ).toEqual(Array(4).fill([0, 'alpha\n']))
})
