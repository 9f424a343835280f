import type { CommandSpec } from '../../model/invocation.ts'

export const whySpec: CommandSpec = {
  name: 'why',
  summary: 'Show why a package is in the lock',
  description:
    'Every chain from a requirement of the project to the package, the shortest first, for every platform and Python. ' +
    'Reads pybun.lockb and nothing else.',
  maturity: 'preview',
  positionals: [{ name: 'NAME', summary: 'The name of a package', arity: 'one' }],
  options: [],
  examples: [{ command: 'pybun why urllib3', summary: 'Who asked for it' }],
}
