/** pypa/packaging reads our `pylock.toml`, pip installs from it, and a bill of materials is valid CycloneDX 1.6. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PYBUN, python, type Sandbox, sandbox } from '../cli/harness/sandbox.ts'
import { must } from './tools.ts'

const MANIFEST = `[project]
name = "shop"
version = "0.1.0"
requires-python = ">=3.10"
dependencies = ["flask>=2", "requests[socks]", "uvicorn[standard]", "colorama ; sys_platform == 'win32'"]

[dependency-groups]
dev = ["pytest"]
`

const PASSED_ON = ['SSL_CERT_FILE', 'SSL_CERT_DIR', 'PIP_CERT', 'HTTPS_PROXY', 'https_proxy', 'NO_PROXY', 'no_proxy']

const PYLOCK = `
import sys, tomllib
from packaging.pylock import Pylock
lock = Pylock.from_dict(tomllib.load(open(sys.argv[1], "rb")))
lock.validate()
print(*sorted(package.name for package in lock.packages))
`

const BILL = `
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
print(JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1]).read()))
`

let box: Sandbox

beforeAll(async () => {
  box = sandbox(null, '')
  delete box.env.PYBUN_INDEX_URL
  for (const name of PASSED_ON) {
    const value = process.env[name]
    if (value) box.env[name] = value
  }
  writeFileSync(join(box.project, 'pyproject.toml'), MANIFEST)
  await must(box, [PYBUN, 'lock'])
  await must(box, [python().executable, '-m', 'venv', join(box.project, 'tools')])
  const tools = ['pip>=25.1', 'packaging>=25.1', 'cyclonedx-python-lib[json-validation]>=8']
  await must(box, [tool('pip'), 'install', '--quiet', '--upgrade', ...tools])
}, 600_000)

afterAll(() => box?.remove())

test('pylock.toml', async () => {
  await must(box, [PYBUN, 'export', '--to', 'pylock', '-o', 'pylock.toml'])
  const names = (await must(box, [tool('python'), '-c', PYLOCK, 'pylock.toml'])).trim().split(' ')
  expect(names).toEqual(expect.arrayContaining(['colorama', 'flask', 'pysocks', 'pytest', 'uvicorn']))
})

test('the bill of materials', async () => {
  await must(box, [PYBUN, 'export', '--to', 'cyclonedx', '-o', 'bill.json'])
  expect(await must(box, [tool('python'), '-c', BILL, 'bill.json'])).toBe('None\n')
})

test('the requirements file', async () => {
  await must(box, [PYBUN, 'export', '--to', 'requirements', '-o', 'requirements.txt'])
  const options = ['--dry-run', '--ignore-installed', '--require-hashes', '-r', 'requirements.txt']
  expect(await must(box, [tool('pip'), 'install', ...options])).toContain('Would install')
})

function tool(name: string): string {
  return join(box.project, 'tools', 'bin', name)
}
