import type { CommandSpec } from '../../model/invocation.ts'

export const exportSpec: CommandSpec = {
  name: 'export',
  summary: 'Write the lock in the format of other tools',
  description:
    'For every platform and Python of the lock, with markers and hashes. requirements: for pip and its like. pylock: ' +
    'PEP 751, with the URLs of the configured index. cyclonedx: a bill of materials (1.6), the same bytes for the same ' +
    'lock; SOURCE_DATE_EPOCH gives it a time.',
  maturity: 'preview',
  positionals: [],
  options: [
    {
      name: 'to',
      kind: 'value',
      value_name: 'FORMAT',
      choices: ['requirements', 'pylock', 'cyclonedx'],
      summary: 'What to write',
    },
    { name: 'output', short: 'o', kind: 'value', value_name: 'FILE', summary: 'Where; stdout when left out' },
    { name: 'group', kind: 'list', value_name: 'GROUP', summary: 'A dependency group as well' },
    { name: 'no-dev', kind: 'flag', summary: 'Leave the group `dev` out' },
    { name: 'extra', kind: 'list', value_name: 'EXTRA', summary: 'An extra of the project as well' },
    { name: 'no-hashes', kind: 'flag', summary: 'A requirements file without hashes' },
  ],
  examples: [
    { command: 'pybun export --to requirements --no-dev -o requirements.txt', summary: 'For an image without PyBun' },
    { command: 'pybun export --to pylock -o pylock.toml', summary: 'For whatever reads PEP 751' },
    { command: 'pybun export --to cyclonedx -o sbom.json', summary: 'What the program is made of' },
  ],
}
