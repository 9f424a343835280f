import { flag, type Invocation, value } from '../model/invocation.ts'
import type { Outcome } from '../model/outcome.ts'
import type { Context } from '../steps/context.ts'
import { createProject, GIT_DIFF_COMMAND, proposeProject } from '../steps/create.ts'

export async function init(context: Context, { options, positionals }: Invocation): Promise<Outcome> {
  const project = await proposeProject(context, {
    path: positionals[0] ?? null,
    name: value(options, 'name'),
    description: value(options, 'description'),
    ask: !flag(options, 'yes'),
  })
  const { written, kept, git_diff } = await createProject(context, project)
  const { directory, name, python } = project
  const here = positionals[0] === undefined || positionals[0] === '.'
  return {
    kind: 'done',
    result: { directory, name, python, written, kept, git_diff },
    summary: [
      `Made the project ${name} for Python ${python}`,
      ...written.map((path) => ` + ${path}`),
      ...kept.map((path) => ` = ${path} (kept)`),
      ...(git_diff ? [] : [`To see the lock in \`git diff\`: ${quoted(GIT_DIFF_COMMAND)}`]),
      `Next: ${here ? '' : `cd ${positionals[0]} && `}pybun add NAME, then pybun run ${name}`,
    ],
  }
}

function quoted(words: string[]): string {
  return words.map((word) => (word.includes(' ') ? `"${word}"` : word)).join(' ')
}
