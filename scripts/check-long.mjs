// The checks that take long: those that need the public package index or uv, with pip, uv and packaging as oracles, then
// faults, hostile clones and a minute of fuzzing for each target. Not part of `npm run ready`. With arguments, which are vitest's, nothing follows it.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from './platforms.mjs'
import { packagingPython, toolsEnvironment } from './setup-tools.mjs'

const { status } = spawnSync(
  join(ROOT, 'node_modules', '.bin', 'vitest'),
  ['run', '--project', 'network', ...process.argv.slice(2)],
  {
    cwd: ROOT,
    env: { ...process.env, ...toolsEnvironment() },
    stdio: 'inherit',
    shell: process.platform === 'win32',
  },
)
if (status !== 0 || process.argv.length > 2) process.exit(status ?? 1)

// What packaging answers today, against the tables that the Rust tests hold themselves to.
const oracle = spawnSync(packagingPython(), [join(ROOT, 'tests', 'pep', 'oracle.py'), '--check'], { stdio: 'inherit' })
if (oracle.status !== 0) process.exit(oracle.status ?? 1)

// Every system call of an installation with every error, and a thousand kills.
const faults = spawnSync('cargo', ['test', '--locked', '--package', 'pybun-install', '--test', 'faults'], {
  cwd: ROOT,
  env: { ...process.env, PYBUN_FAULTS: 'long' },
  stdio: 'inherit',
})
if (faults.status !== 0) process.exit(faults.status ?? 1)

// Ten times as many hostile clones as usual, other ones.
const clones = spawnSync(
  join(ROOT, 'node_modules', '.bin', 'vitest'),
  ['run', '--project', 'cli', 'tests/hostile/clones.test.ts'],
  {
    cwd: ROOT,
    env: { ...process.env, PYBUN_CLONES: '20000', PYBUN_CLONE_FIRST: '100001' },
    stdio: 'inherit',
    shell: process.platform === 'win32',
  },
)
if (clones.status !== 0) process.exit(clones.status ?? 1)
await import('./fuzz.mjs')
