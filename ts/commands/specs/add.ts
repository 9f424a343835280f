import type { CommandSpec, OptionSpec } from '../../model/invocation.ts'
import { INDEX_OPTIONS } from './index-options.ts'

/** Which table of the manifest is meant. */
export const TABLE_OPTIONS: OptionSpec[] = [
  { name: 'dev', kind: 'flag', summary: 'In the dependency group `dev`' },
  { name: 'group', kind: 'value', value_name: 'GROUP', summary: 'In a dependency group (PEP 735)' },
  { name: 'optional', kind: 'value', value_name: 'EXTRA', summary: 'In an extra, for those who install the project' },
]

export const addSpec: CommandSpec = {
  name: 'add',
  summary: 'Add dependencies to the project',
  description:
    'Resolves first, then writes pybun.lockb and pyproject.toml (comments, order and quoting stay), then installs. ' +
    'Without a version the newest that fits is taken and becomes the lower bound. ' +
    'When nothing fits, nothing is changed.',
  maturity: 'preview',
  positionals: [{ name: 'REQUIREMENT', summary: 'flask, "flask>=3", flask@3.1.0, "flask[async]"', arity: 'some' }],
  options: [...TABLE_OPTIONS, ...INDEX_OPTIONS],
  examples: [
    { command: 'pybun add flask sqlalchemy', summary: 'Two dependencies' },
    { command: 'pybun add --dev pytest', summary: 'One for development only' },
    { command: 'pybun add "httpx[http2]>=0.27"', summary: 'With an extra and a lower bound' },
  ],
}
