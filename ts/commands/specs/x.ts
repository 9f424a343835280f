import type { CommandSpec } from '../../model/invocation.ts'
import { INDEX_OPTIONS } from './index-options.ts'

export const xSpec: CommandSpec = {
  name: 'x',
  summary: 'Run a command of a package without installing it',
  description:
    'The package gets an environment of its own, which is kept: the second call starts at once. ' +
    'Our options stand before the command; everything behind it is the command’s.',
  maturity: 'preview',
  positionals: [
    { name: 'COMMAND', summary: 'ruff, ruff@0.5.0, ruff@latest', arity: 'target' },
    { name: 'ARG', summary: 'For the command, untouched; a leading -- is taken away', arity: 'rest' },
  ],
  options: [
    { name: 'from', kind: 'value', value_name: 'REQUIREMENT', summary: 'The package that has the command' },
    { name: 'with', kind: 'list', value_name: 'REQUIREMENT', summary: 'A further package beside it' },
    ...INDEX_OPTIONS,
  ],
  examples: [
    { command: 'pybun x ruff check .', summary: 'The newest ruff' },
    { command: 'pybun x black@24.1.0 --version', summary: 'One version' },
    { command: 'pybun x --from httpie http --version', summary: 'A command with another name than its package' },
  ],
}
