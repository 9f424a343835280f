import type { CommandSpec } from '../../model/invocation.ts'

export const initSpec: CommandSpec = {
  name: 'init',
  summary: 'Make a new project',
  description:
    'Writes pyproject.toml, src/<module>/, README.md, .python-version, .gitignore and .gitattributes. ' +
    'Asks a few questions on a terminal; -y takes the recommended answers. Existing files are kept. ' +
    'With --from only pyproject.toml, the lock and the two git files are written; a pyproject.toml is completed.',
  maturity: 'preview',
  positionals: [{ name: 'DIR', summary: 'The directory; the working directory when left out', arity: 'optional' }],
  options: [
    { name: 'yes', short: 'y', kind: 'flag', summary: 'Ask nothing, take the recommended answers' },
    { name: 'name', kind: 'value', value_name: 'NAME', summary: 'The name; that of the directory when left out' },
    {
      name: 'from',
      kind: 'value',
      value_name: 'FILE',
      summary: 'From requirements.txt, poetry.lock, uv.lock, Pipfile.lock or pylock.toml; keeps its versions',
    },
    { name: 'description', kind: 'value', value_name: 'TEXT', summary: 'One sentence for pyproject.toml' },
  ],
  examples: [
    { command: 'pybun init -y my-service', summary: 'A project in ./my-service' },
    { command: 'pybun init', summary: 'One here, with questions' },
    { command: 'pybun init --from poetry.lock', summary: 'What another tool kept, with its versions' },
  ],
}
