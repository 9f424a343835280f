import type { CommandSpec } from '../../model/invocation.ts'
import { INDEX_OPTIONS } from './index-options.ts'

export const configSpec: CommandSpec = {
  name: 'config',
  summary: 'Show every setting, its value and where that comes from',
  description:
    'Command line, then environment, then .pybun/config.toml, then [tool.pybun] of pyproject.toml, then ' +
    '~/.config/pybun/config.toml.',
  maturity: 'preview',
  positionals: [],
  options: INDEX_OPTIONS,
  examples: [{ command: 'pybun config', summary: 'As it holds in this directory' }],
}
