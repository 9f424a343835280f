/**
 * Text of others, through the whole of `pybun`: names of files, settings, lines of private files, URLs with secrets. None of it
 * is a line of ours, an order to the terminal, or somebody's secret in a message or in a file that is passed on.
 */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { run } from '../cli/harness/run.ts'
import { type Sandbox, sandbox } from '../cli/harness/sandbox.ts'
import { type LocalIndex, startIndex } from '../index/index.mjs'

const ESCAPES = '\x1b]0;t\x07\x9b31m\u202e\u2028'
const PRIVATE = [
  'machine corp.example login me password S3CRET',
  'aws_secret_access_key = S3CRET/S3CRET',
  'export TOKEN="S3CRET"',
  '-----BEGIN KEY-----\nS3CRET/+==',
  'TOKEN=https://host.example/S3CRET',
]

let index: LocalIndex
let box: Sandbox

beforeAll(async () => {
  index = await startIndex({ packages: { alpha: { '1.0': {} } } })
})
afterAll(() => index.close())
beforeEach(() => {
  box = sandbox(null, index.url)
})
afterEach(() => box.remove())

test('what a setting says is one line, and obeyed by no terminal', async () => {
  project([], `[tool.pybun]\nindex-url = ${JSON.stringify(`https://h.example/${ESCAPES}\nerror[forged]: x`)}\n`)
  const { stdout, stderr } = await pybun('config')
  expect(stdout + stderr).not.toMatch(OBEYED)
  expect(stdout).not.toMatch(/^error/m)
  const { stdout: json } = await pybun('config', '--format=json')
  expect(json.trimEnd()).not.toMatch(OBEYED)
  expect(JSON.parse(json).result.settings).toBeTruthy()
})

test('names of files and words that were typed are shown and not obeyed', async () => {
  project([])
  for (const args of [
    ['add', `a${ESCAPES}`],
    [ESCAPES],
    ['install', '-r', `${ESCAPES}\nerror[forged]: x`],
    ['init', '--from', `x${ESCAPES}.txt`],
    ['why', ESCAPES],
  ]) {
    const { stdout, stderr, exit } = await pybun(...args)
    expect(exit).not.toBe(0)
    expect(stdout + stderr).not.toMatch(OBEYED)
    expect(stderr).not.toMatch(/^error\[forged/m)
  }
})

test.each(PRIVATE)('a message shows nothing of a private file: %s', async (text) => {
  writeFileSync(join(box.home, 'private'), `${text}\n`)
  const own = (name: string) => join(box.project, name)
  for (const [name, args] of [
    ['uv.lock', ['init', '-y', '--from', 'uv.lock']],
    ['Pipfile.lock', ['init', '-y', '--from', 'Pipfile.lock']],
    ['poetry.lock', ['init', '-y', '--from', 'poetry.lock']],
    ['pylock.toml', ['init', '-y', '--from', 'pylock.toml']],
    ['linked.txt', ['install', '-r', 'linked.txt']],
  ] as const) {
    symlinkSync('../home/private', own(name))
    await keepsSecret(args)
  }
  writeFileSync(own('r.txt'), '-r ../home/private\n')
  await keepsSecret(['install', '-r', 'r.txt'])
  await keepsSecret(['install', '--require-hashes', '-r', 'r.txt'])
  writeFileSync(own('c.txt'), '-c ../home/private\nalpha\n')
  await keepsSecret(['install', '-r', 'c.txt'])
})

test('a secret of a URL that is none is in no message', async () => {
  for (const place of [
    'https:/me:S3CRET@h',
    '//me:S3CRET@h',
    'me:S3CRET@h',
    'https://me:S3/CRET@h',
    'HTTPS://me:a@S3CRET@h/',
  ]) {
    project([], `[tool.pybun]\nindex-url = ${JSON.stringify(place)}\n`)
    await keepsSecret(['config'])
    await keepsSecret(['lock'])
    project([`alpha @ ${place}`])
    await keepsSecret(['lock'])
    await keepsSecret(['add', `alpha @ ${place}`])
    await keepsSecret(['lock', '--find-links', place])
    await keepsSecret([place])
    await keepsSecret(['x', place])
  }
})

test('a file that is passed on has no key of the index in it', async () => {
  const keyed = createServer(async ({ url = '', headers }, answer) => {
    const { accept = '*/*' } = headers
    const told = await fetch(new URL(url.replace(/\?.*/, ''), index.url), { headers: { accept } })
    const body = Buffer.from(await told.arrayBuffer())
    const type = told.headers.get('content-type') ?? ''
    answer.writeHead(told.status, { 'content-type': type })
    answer.end(type.includes('json') ? body.toString().replaceAll(/("url": *"[^"]+)"/g, '$1?token=S3CRET"') : body)
  })
  onTestFinished(() => void keyed.close())
  await new Promise<void>((done) => keyed.listen(0, '127.0.0.1', done))
  box.env.PYBUN_INDEX_URL = `http://127.0.0.1:${(keyed.address() as AddressInfo).port}/simple/`
  project(['alpha'])
  expect((await pybun('lock')).exit).toBe(0)
  const { exit, stderr } = await pybun('export', '--to', 'pylock', '-o', 'pylock.toml')
  expect([exit, stderr]).toEqual([0, expect.stringContaining('queries of')])
  const text = readFileSync(join(box.project, 'pylock.toml'), 'utf8')
  expect(text).toContain('alpha-1.0-py3-none-any.whl"')
  expect(text).not.toContain('S3CRET')
})

test('an environment configures nobody', async () => {
  project(['alpha'])
  const environment = join(box.root, 'environment')
  mkdirSync(environment)
  writeFileSync(join(environment, 'pip.conf'), '[global]\nindex-url = http://127.0.0.1:9/\n')
  const { PYBUN_INDEX_URL: url = '', PIP_CONFIG_FILE: _, ...env } = box.env
  box.env = { ...env, VIRTUAL_ENV: environment, PIP_INDEX_URL: url }
  expect((await pybun('lock')).exit).toBe(0)
  // Where the user says nothing, the environment does not either.
  delete box.env.PIP_INDEX_URL
  const { stderr } = await pybun('lock', '--upgrade', '--offline')
  expect(stderr).not.toContain('127.0.0.1:9')
})

const OBEYED = /(?![\n\t])[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u

async function keepsSecret(args: readonly string[]) {
  for (const format of ['text', 'json']) {
    const { stdout, stderr } = await pybun(...args, `--format=${format}`)
    expect(stdout + stderr, args.join(' ')).not.toMatch(/S3\/?CRET/)
  }
}

function project(dependencies: string[], more = '') {
  const text = `[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.9"\ndependencies = ${JSON.stringify(dependencies)}\n${more}`
  writeFileSync(join(box.project, 'pyproject.toml'), text)
}

function pybun(...args: string[]) {
  return run(box, { args, exit: 0 })
}
