import type { CommandSpec } from '../../model/invocation.ts'
import { LINK_MODES } from '../../model/link-modes.ts'
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
    {
      name: 'only-group',
      kind: 'list',
      value_name: 'GROUP',
      summary: 'A dependency group, and nothing of the project',
    },
    { name: 'reinstall', kind: 'flag', summary: 'Install everything anew' },
    { name: 'dry-run', kind: 'flag', summary: 'Only say what would be done; writes nothing' },
    {
      name: 'verify',
      kind: 'flag',
      summary: 'Compare every file, also of the store, with its hash; mend what differs',
    },
    { name: 'require-hashes', kind: 'flag', summary: 'Refuse what has no hash in the lock or the requirements file' },
    {
      name: 'target',
      kind: 'value',
      value_name: 'DIR',
      summary: 'Install into a plain directory, as for a deployment',
    },
    {
      name: 'link-mode',
      kind: 'value',
      value_name: 'MODE',
      choices: LINK_MODES,
      summary: 'How files get there from the store; tree: one link for each package',
      env: 'PYBUN_LINK_MODE',
    },
    {
      name: 'compile-bytecode',
      kind: 'flag',
      summary: 'Compile bytecode before the command ends, and not after it',
      env: 'PYBUN_COMPILE_BYTECODE',
    },
    ...INDEX_OPTIONS,
  ],
  examples: [
    { command: 'pybun install', summary: 'The project in the working directory' },
    { command: 'pybun install --no-dev --extra postgres', summary: 'For production' },
    { command: 'pybun install -r requirements.txt', summary: 'Without a project, into .pybun/venv' },
    { command: 'pybun install --no-dev --target build/lib', summary: 'For an image or an archive' },
  ],
}
