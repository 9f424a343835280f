import type { CommandSpec } from '../../model/invocation.ts'
import { INDEX_OPTIONS } from './index-options.ts'

export const lockSpec: CommandSpec = {
  name: 'lock',
  summary: 'Bring pybun.lockb up to date, check it, or show it',
  description: 'Versions in the lock stay as they are while they fit; --upgrade lets go of them.',
  maturity: 'preview',
  positionals: [{ name: 'FILE', summary: 'With --json: a lock file other than the project’s', arity: 'optional' }],
  options: [
    { name: 'json', kind: 'flag', summary: 'Print the lock as JSON; writes nothing' },
    { name: 'check', kind: 'flag', summary: 'Fail unless the lock fits pyproject.toml; writes nothing' },
    { name: 'upgrade', short: 'U', kind: 'flag', summary: 'Take the newest versions that fit' },
    { name: 'upgrade-package', short: 'P', kind: 'list', value_name: 'NAME', summary: 'The same for one package' },
    ...INDEX_OPTIONS,
  ],
  examples: [
    { command: 'pybun lock', summary: 'Resolve what changed' },
    { command: 'pybun lock --check', summary: 'In CI' },
    { command: 'pybun lock --json', summary: 'What is in it' },
  ],
}
