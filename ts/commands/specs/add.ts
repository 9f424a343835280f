import type { CommandSpec, OptionSpec } from '../../model/invocation.ts'
import { INDEX_OPTIONS } from './index-options.ts'

/** Which table of the manifest is meant. */
export const TABLE_OPTIONS: OptionSpec[] = [
  { name: 'dev', kind: 'flag', summary: 'In the dependency group `dev`' },
  { name: 'group', kind: 'value', value_name: 'GROUP', summary: 'In a dependency group (PEP 735)' },
  { name: 'optional', kind: 'value', value_name: 'EXTRA', summary: 'In an extra, for those who install the project' },
]

/** What there is to say of a directory, an archive or a repository. */
const PLACE_OPTIONS: OptionSpec[] = [
  { name: 'editable', short: 'e', kind: 'flag', summary: 'Link the directory, so that edits count at once' },
  { name: 'branch', kind: 'value', value_name: 'BRANCH', summary: 'Of the repository' },
  { name: 'tag', kind: 'value', value_name: 'TAG', summary: 'Of the repository' },
  { name: 'rev', kind: 'value', value_name: 'COMMIT', summary: 'Of the repository' },
  {
    name: 'subdirectory',
    kind: 'value',
    value_name: 'DIR',
    summary: 'Where in the repository or archive the project is',
  },
]

export const addSpec: CommandSpec = {
  name: 'add',
  summary: 'Add dependencies to the project',
  description:
    'Resolves first, then writes pybun.lockb and pyproject.toml (comments, order and quoting stay), then installs. ' +
    'Without a version the newest that fits is taken and becomes the lower bound. ' +
    'A directory, an archive or a repository is required by the name of the project in it, and its place is written to ' +
    '[tool.pybun.sources]. ' +
    'When nothing fits, nothing is changed.',
  maturity: 'preview',
  positionals: [
    {
      name: 'REQUIREMENT',
      summary: 'flask, "flask>=3", flask@3.1.0, ../library, git+https://host/name',
      arity: 'some',
    },
  ],
  options: [...TABLE_OPTIONS, ...PLACE_OPTIONS, ...INDEX_OPTIONS],
  examples: [
    { command: 'pybun add flask sqlalchemy', summary: 'Two dependencies' },
    { command: 'pybun add --dev pytest', summary: 'One for development only' },
    { command: 'pybun add "httpx[http2]>=0.27"', summary: 'With an extra and a lower bound' },
    { command: 'pybun add -e ../library', summary: 'A directory beside the project, linked' },
    { command: 'pybun add git+https://github.com/psf/requests --tag v2.32.3', summary: 'A tag of a repository' },
  ],
}
