import type { CommandSpec } from '../../model/invocation.ts'

export const treeSpec: CommandSpec = {
  name: 'tree',
  summary: 'Show what the lock holds, and what needs what',
  description:
    'Reads pybun.lockb and nothing else. For the interpreter that the project would use; with --universal for every ' +
    'platform and Python that the lock is for, with markers.',
  maturity: 'preview',
  positionals: [],
  options: [
    {
      name: 'depth',
      short: 'd',
      kind: 'value',
      value_name: 'N',
      summary: 'No deeper; 1: only what is needed directly',
    },
    { name: 'invert', short: 'i', kind: 'flag', summary: 'From what is needed up to what needs it' },
    { name: 'package', kind: 'list', value_name: 'NAME', summary: 'Only the tree of this package' },
    { name: 'universal', kind: 'flag', summary: 'For every platform and Python' },
  ],
  examples: [
    { command: 'pybun tree --depth 1', summary: 'What the project itself requires' },
    { command: 'pybun tree --invert --package urllib3', summary: 'Everything that leads to one package' },
  ],
}
