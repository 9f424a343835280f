import type { CommandSpec } from '../../model/invocation.ts'

export const schemaSpec: CommandSpec = {
  name: 'schema',
  summary: 'Show the JSON schemas of what PyBun prints, and how mature each command is',
  maturity: 'preview',
  positionals: [{ name: 'NAME', summary: 'envelope, event, or a command; a list when left out', arity: 'optional' }],
  options: [],
  examples: [
    { command: 'pybun schema', summary: 'The list' },
    { command: 'pybun schema envelope', summary: 'One schema' },
  ],
}
