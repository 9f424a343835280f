import type { CommandSpec } from '../../model/invocation.ts'

export const cacheSpec: CommandSpec = {
  name: 'cache',
  summary: 'Show where the data directory is, how large it is, and whether it is sound',
  description:
    'dir: its path. size: what takes how much, hard links counted once. verify: every file of the store against its ' +
    'digest. `pybun gc` makes it smaller.',
  maturity: 'preview',
  positionals: [{ name: 'WHAT', summary: 'dir, size or verify', arity: 'one' }],
  options: [{ name: 'discard', kind: 'flag', summary: 'With verify: take damaged wheels out' }],
  examples: [
    { command: 'pybun cache size', summary: 'What takes how much' },
    { command: 'pybun cache verify', summary: 'After a power failure' },
  ],
}
