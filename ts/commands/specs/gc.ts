import type { CommandSpec } from '../../model/invocation.ts'

export const gcSpec: CommandSpec = {
  name: 'gc',
  summary: 'Remove from the data directory what was not used for longest',
  description:
    'Never what an environment uses, nor what was used in the last hour. Without limits those that are configured ' +
    'hold (cache-max-size, cache-max-age), which commands also see to once a day by themselves.',
  maturity: 'preview',
  positionals: [],
  options: [
    { name: 'max-size', kind: 'value', value_name: 'SIZE', summary: 'Until no more is left (500MB, 10GB, 0)' },
    { name: 'max-age', kind: 'value', value_name: 'AGE', summary: 'What was not used for so long (12h, 90d)' },
    { name: 'dry-run', kind: 'flag', summary: 'Only say what would be removed' },
  ],
  examples: [
    { command: 'pybun gc --max-size 0', summary: 'Everything that nothing uses' },
    { command: 'pybun gc --max-age 30d --dry-run', summary: 'What a month without use would cost' },
  ],
}
