import type { CommandSpec } from '../../model/invocation.ts'

export const uninstallSpec: CommandSpec = {
  name: 'uninstall',
  summary: 'Take packages out of the environment',
  description:
    'Removes the files that each one has recorded, and nothing else. What manifest and lock name comes back with the ' +
    'next `pybun install`; `pybun remove` takes a dependency out of the project.',
  maturity: 'preview',
  positionals: [{ name: 'NAME', summary: 'A distribution', arity: 'some' }],
  options: [],
  examples: [{ command: 'pybun uninstall requests urllib3', summary: 'Whatever depends on them' }],
}
