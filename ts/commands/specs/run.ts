import type { CommandSpec } from '../../model/invocation.ts'
import { INDEX_OPTIONS } from './index-options.ts'

export const runSpec: CommandSpec = {
  name: 'run',
  summary: 'Run a file, a module, a command or code in its environment',
  description:
    'The environment is PYBUN_ENV, else the project’s .pybun/venv, else a shared one; it is brought up to date first. ' +
    'A file with inline metadata (PEP 723) gets an environment of its own. ' +
    'Everything behind the target is the program’s; our options stand before it. ' +
    'With --format=json the program’s output is captured into the envelope.',
  maturity: 'preview',
  positionals: [
    { name: 'TARGET', summary: 'A .py file, a command of the environment, or - for stdin', arity: 'target' },
    { name: 'ARG', summary: 'For the program, untouched', arity: 'rest' },
  ],
  options: [
    { name: 'module', short: 'm', kind: 'value', value_name: 'MODULE', summary: 'Run a module', ends_options: true },
    { name: 'code', short: 'c', kind: 'value', value_name: 'CODE', summary: 'Run this text', ends_options: true },
    ...INDEX_OPTIONS,
  ],
  examples: [
    { command: 'pybun run script.py --its-option', summary: 'A file with its own arguments' },
    { command: 'pybun run -m http.server 8000', summary: 'A module' },
    { command: 'pybun run pytest -q', summary: 'A command of the environment' },
    { command: 'echo "print(1)" | pybun run -', summary: 'Code from stdin' },
  ],
}
