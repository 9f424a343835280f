// Tools that only the long checks compare with, installed once into the ignored target directory.
// As a program it prints the variables that name them.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ROOT } from './platforms.mjs'

const TOOLS = join(ROOT, 'target', 'tools')
const COMMANDS = join(TOOLS, process.platform === 'win32' ? 'Scripts' : 'bin')
const UV = join(COMMANDS, process.platform === 'win32' ? 'uv.exe' : 'uv')

/** uv as the oracle: what `PYBUN_TEST_UV` says, else installed by pip from the package index. */
export function toolsEnvironment() {
  const uv = process.env.PYBUN_TEST_UV ?? installedUv()
  return { PYBUN_TEST_UV: uv, PYBUN_BENCH_UV: process.env.PYBUN_BENCH_UV ?? uv }
}

/** A Python that has `packaging`, whose answers the tables of tests/pep are. */
export function packagingPython() {
  const python = join(COMMANDS, process.platform === 'win32' ? 'python.exe' : 'python')
  if (!existsSync(python)) must(hostPython(), ['-m', 'venv', TOOLS])
  must(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', 'packaging'])
  return python
}

function hostPython() {
  return process.env.PYBUN_TEST_PYTHON ?? (process.platform === 'win32' ? 'python' : 'python3')
}

function installedUv() {
  if (existsSync(UV)) return UV
  must(hostPython(), ['-m', 'venv', TOOLS])
  must(join(COMMANDS, 'python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', 'uv'])
  return UV
}

function must(program, args) {
  if (spawnSync(program, args, { stdio: 'inherit' }).status !== 0)
    throw new Error(`${program} ${args.join(' ')} failed`)
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const [name, value] of Object.entries(toolsEnvironment())) console.log(`${name}=${value}`)
}
