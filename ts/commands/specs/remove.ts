import type { CommandSpec } from '../../model/invocation.ts'
import { TABLE_OPTIONS } from './add.ts'
import { INDEX_OPTIONS } from './index-options.ts'

export const removeSpec: CommandSpec = {
  name: 'remove',
  summary: 'Remove dependencies from the project',
  description:
    'Takes them out of pyproject.toml and pybun.lockb, and whatever only they needed out of the environment.',
  maturity: 'preview',
  positionals: [{ name: 'NAME', summary: 'The name of a direct dependency', arity: 'some' }],
  options: [...TABLE_OPTIONS, ...INDEX_OPTIONS],
  examples: [{ command: 'pybun remove flask', summary: 'One dependency' }],
}
