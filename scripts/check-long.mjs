// The checks that need the public package index or much time, with pip and uv as oracles. Not part of `npm run ready`.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from './platforms.mjs'
import { toolsEnvironment } from './setup-tools.mjs'

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
process.exit(status ?? 1)
