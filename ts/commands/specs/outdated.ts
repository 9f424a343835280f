import type { CommandSpec } from '../../model/invocation.ts'
import { INDEX_OPTIONS } from './index-options.ts'

export const outdatedSpec: CommandSpec = {
  name: 'outdated',
  summary: 'Show what the index has newer than the lock',
  description:
    'Resolves anew without writing anything: `in range` is what `pybun upgrade` would come to, `newest` what there is, ' +
    'and what stands between them is named. Pre-releases count where they are allowed. Ends with 0 whatever it finds.',
  maturity: 'preview',
  positionals: [{ name: 'NAME', summary: 'Only these; everything the project requires when left out', arity: 'many' }],
  options: [
    { name: 'all', short: 'a', kind: 'flag', summary: 'Also what is only needed by others' },
    { name: 'group', kind: 'list', value_name: 'GROUP', summary: 'Only what this dependency group requires' },
    { name: 'extra', kind: 'list', value_name: 'EXTRA', summary: 'Only what this extra of the project requires' },
    ...INDEX_OPTIONS,
  ],
  examples: [
    { command: 'pybun outdated', summary: 'What the project requires itself' },
    { command: 'pybun outdated --all', summary: 'Everything in the lock' },
  ],
}
