/** What pip makes of a lock that was exported. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PYBUN, python, type Sandbox, sandbox } from '../cli/harness/sandbox.ts'
import { type LocalIndex, type Packages, startIndex } from '../index/index.mjs'
import { ask, must, pip } from './tools.ts'

const PACKAGES: Packages = {
  app: { '1.0': { requires: ['base[fast]>=1', "windows-only ; sys_platform == 'win32'"] } },
  base: { '1.1': { extras: { fast: ['Odd_Name'] } }, '1.2': { requires_python: '>=3.99' } },
  Odd_Name: { '2.0.post1': { wheel: false, sdist: true, requires: ['leaf'] } },
  leaf: { '3.0+local.1': {}, '2.0': {} },
  'windows-only': { '1.0': {} },
  'dev-only': { '1.0': {} },
}

let index: LocalIndex
let box: Sandbox

beforeAll(async () => {
  index = await startIndex({ packages: PACKAGES })
  box = sandbox(null, index.url)
  const manifest = [
    '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.8"\ndependencies = ["app"]\n',
    '[dependency-groups]\ndev = ["dev-only"]\n',
  ]
  writeFileSync(join(box.project, 'pyproject.toml'), manifest.join('\n'))
  await must(box, [PYBUN, 'lock'])
  await must(box, [python().executable, '-m', 'venv', '--without-pip', join(box.project, 'pip')])
})

afterAll(async () => {
  await index?.close()
  box?.remove()
})

test('pip takes exactly what is listed, with every hash required', async () => {
  await must(box, [PYBUN, 'export', '--to', 'requirements', '--no-dev', '-o', 'requirements.txt'])
  expect(await installedBy('requirements.txt')).toEqual([
    'app 1.0',
    'base 1.1',
    'leaf 3.0+local.1',
    'odd-name 2.0.post1',
  ])
  await must(box, [PYBUN, 'export', '--to', 'requirements', '-o', 'with-dev.txt'])
  expect(await installedBy('with-dev.txt')).toContain('dev-only 1.0')
})

test('pip refuses a file with another hash', async () => {
  await must(box, [PYBUN, 'export', '--to', 'requirements', '-o', 'good.txt'])
  const other = readFileSync(join(box.project, 'good.txt'), 'utf8').replaceAll(/sha256:[0-9a-f]{8}/g, 'sha256:00000000')
  writeFileSync(join(box.project, 'bad.txt'), other)
  const { exit, stderr } = await ask(box, dryRun('bad.txt'))
  expect(exit).toBe(1)
  expect(stderr).toContain('DO NOT MATCH THE HASHES')
})

async function installedBy(file: string): Promise<string[]> {
  const report = JSON.parse(await must(box, dryRun(file)))
  const listed = report.install as { metadata: { name: string; version: string } }[]
  return listed
    .map(({ metadata }) => `${metadata.name.toLowerCase().replaceAll(/[-_.]+/g, '-')} ${metadata.version}`)
    .sort()
}

function dryRun(file: string): string[] {
  const options = ['--dry-run', '--report', '-', '--quiet', '--no-cache-dir', '--index-url', index.url]
  return pip(join(box.project, 'pip'), 'install', ...options, '--require-hashes', '-r', file)
}
