import type { CommandSpec } from '../../model/invocation.ts'
import { INDEX_OPTIONS } from './index-options.ts'

export const upgradeSpec: CommandSpec = {
  name: 'upgrade',
  summary: 'Move the lock and the environment to newer versions',
  description:
    'Within what pyproject.toml allows, which stays as it is. Says what will move before anything moves, then locks and ' +
    'installs as `pybun install` does.',
  maturity: 'preview',
  positionals: [
    { name: 'PACKAGE', summary: 'NAME or NAME==VERSION; everything in the lock when left out', arity: 'many' },
  ],
  options: [
    { name: 'dry-run', kind: 'flag', summary: 'Only say what would move' },
    { name: 'interactive', short: 'i', kind: 'flag', summary: 'Choose on the terminal what moves' },
    { name: 'group', kind: 'list', value_name: 'GROUP', summary: 'Install a dependency group as well' },
    { name: 'no-dev', kind: 'flag', summary: 'Do not install the group `dev`' },
    { name: 'extra', kind: 'list', value_name: 'EXTRA', summary: 'Install an extra of the project as well' },
    ...INDEX_OPTIONS,
  ],
  examples: [
    { command: 'pybun upgrade', summary: 'Everything' },
    { command: 'pybun upgrade flask', summary: 'One package, and what it then needs' },
    { command: 'pybun upgrade --interactive', summary: 'Pick from a list' },
  ],
}
