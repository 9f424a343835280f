import type { CommandSpec } from '../../model/invocation.ts'
import { INDEX_OPTIONS } from './index-options.ts'

export const installSpec: CommandSpec = {
  name: 'install',
  summary: 'Make the environment what pyproject.toml and the lock say',
  description:
    'Resolves only when the lock no longer fits. Removes what does not belong. ' +
    'With -r the packages are added to the environment, and to no manifest and no lock.',
  maturity: 'preview',
  positionals: [],
  options: [
    { name: 'requirements', short: 'r', kind: 'list', value_name: 'FILE', summary: 'Install from a requirements file' },
    { name: 'group', kind: 'list', value_name: 'GROUP', summary: 'A dependency group as well' },
    { name: 'no-dev', kind: 'flag', summary: 'Leave the group `dev` out' },
    { name: 'extra', kind: 'list', value_name: 'EXTRA', summary: 'An extra of the project as well' },
    { name: 'reinstall', kind: 'flag', summary: 'Install everything anew' },
    ...INDEX_OPTIONS,
  ],
  examples: [
    { command: 'pybun install', summary: 'The project in the working directory' },
    { command: 'pybun install --no-dev --extra postgres', summary: 'For production' },
    { command: 'pybun install -r requirements.txt', summary: 'Without a project, into .pybun/venv' },
  ],
}
