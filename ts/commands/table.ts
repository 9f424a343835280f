import type { CommandSpec, OptionSpec } from '../model/invocation.ts'
import { addSpec } from './specs/add.ts'
import { cacheSpec } from './specs/cache.ts'
import { completionSpec } from './specs/completion.ts'
import { configSpec } from './specs/config.ts'
import { exportSpec } from './specs/export.ts'
import { gcSpec } from './specs/gc.ts'
import { initSpec } from './specs/init.ts'
import { installSpec } from './specs/install.ts'
import { lockSpec } from './specs/lock.ts'
import { outdatedSpec } from './specs/outdated.ts'
import { removeSpec } from './specs/remove.ts'
import { runSpec } from './specs/run.ts'
import { schemaSpec } from './specs/schema.ts'
import { treeSpec } from './specs/tree.ts'
import { uninstallSpec } from './specs/uninstall.ts'
import { upgradeSpec } from './specs/upgrade.ts'
import { whySpec } from './specs/why.ts'
import { xSpec } from './specs/x.ts'

/** Every command, in the order in which a newcomer needs them. */
export const COMMANDS: CommandSpec[] = [
  initSpec,
  addSpec,
  removeSpec,
  lockSpec,
  outdatedSpec,
  upgradeSpec,
  treeSpec,
  whySpec,
  exportSpec,
  installSpec,
  uninstallSpec,
  runSpec,
  xSpec,
  cacheSpec,
  gcSpec,
  configSpec,
  schemaSpec,
  completionSpec,
]

/** The options that every command has, before or after its name. */
export const COMMON_OPTIONS: OptionSpec[] = [
  {
    name: 'format',
    kind: 'value',
    value_name: 'FORMAT',
    choices: ['text', 'json'],
    summary: 'How the result is written; json: one envelope on stdout',
    env: 'PYBUN_FORMAT',
  },
  {
    name: 'python',
    short: 'p',
    kind: 'value',
    value_name: 'PYTHON',
    summary: 'The interpreter: a version (3.12), a specifier (>=3.11) or a path',
    env: 'PYBUN_PYTHON',
  },
  { name: 'index-url', kind: 'value', value_name: 'URL', summary: 'The package index', env: 'PYBUN_INDEX_URL' },
  {
    name: 'extra-index-url',
    kind: 'list',
    value_name: 'URL',
    summary: 'A further index, may be given several times',
    env: 'PYBUN_EXTRA_INDEX_URL',
  },
  {
    name: 'cache-dir',
    kind: 'value',
    value_name: 'DIR',
    summary: 'Where everything shared between projects is kept',
    env: 'PYBUN_CACHE_DIR',
  },
  { name: 'offline', kind: 'flag', summary: 'Never use the network', env: 'PYBUN_OFFLINE' },
  { name: 'no-lock', kind: 'flag', summary: 'Resolve, and write no pybun.lockb' },
  {
    name: 'progress',
    kind: 'value',
    value_name: 'WHEN',
    choices: ['auto', 'always', 'never'],
    summary: 'Whether progress is shown on stderr',
    env: 'PYBUN_PROGRESS',
  },
  { name: 'no-progress', kind: 'flag', summary: 'The same as --progress=never' },
  { name: 'verbose', short: 'v', kind: 'flag', summary: 'Say more on stderr' },
  { name: 'quiet', short: 'q', kind: 'flag', summary: 'Say nothing but errors and what was asked for' },
  { name: 'help', short: 'h', kind: 'flag', summary: 'Show this; with --format=json as data' },
  { name: 'version', short: 'V', kind: 'flag', summary: 'Show the version of PyBun' },
]

export function findCommand(name: string): CommandSpec | null {
  return COMMANDS.find((spec) => spec.name === name) ?? null
}

export function usage(spec: CommandSpec): string {
  const parts = spec.positionals.map(({ name, arity }) => {
    switch (arity) {
      case 'one':
      case 'target':
        return name
      case 'optional':
        return `[${name}]`
      case 'some':
        return `${name}...`
      case 'many':
      case 'rest':
        return `[${name}...]`
    }
  })
  return ['pybun', spec.name, '[options]', ...parts].join(' ')
}
