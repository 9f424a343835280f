import { optionsExclude } from '../errors/cli.ts'
import { fail } from '../errors/failure.ts'
import { flag, type Invocation, value } from '../model/invocation.ts'
import type { Outcome } from '../model/outcome.ts'
import type { Context } from '../steps/context.ts'
import { createProject, GIT_DIFF_COMMAND, proposeProject } from '../steps/create.ts'
import { importProject } from '../steps/import.ts'

export async function init(context: Context, invocation: Invocation): Promise<Outcome> {
  const { options, positionals } = invocation
  if (value(options, 'from') !== null) return initFrom(context, invocation)
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
    result: { directory, name, python, written, kept, git_diff, imported: null },
    summary: [
      `Made the project ${name} for Python ${python}`,
      ...written.map((path) => ` + ${path}`),
      ...kept.map((path) => ` = ${path} (kept)`),
      ...gitHint(git_diff),
      `Next: ${here ? '' : `cd ${shellWord(positionals[0] ?? '')} && `}pybun add NAME, then pybun run ${name}`,
    ],
  }
}

async function initFrom(context: Context, { options, positionals }: Invocation): Promise<Outcome> {
  if (value(options, 'description') !== null) fail(optionsExclude('--from', '--description'))
  const file = value(options, 'from') ?? ''
  const path = positionals[0] ?? null
  const done = await importProject(context, { file, path, name: value(options, 'name') })
  const { imported, written, git_diff, name } = done
  const { requirements, packages, moved } = imported
  // A manifest that was there may say all of it.
  const counted = requirements ? [requirements === 1 ? '1 requirement' : `${requirements} requirements`] : []
  const locked = packages ? [packages === 1 ? '1 package locked' : `${packages} packages locked`] : []
  return {
    kind: 'done',
    result: { ...done, kept: [] },
    summary: [
      `Made the project ${name} from ${[file, ...counted, ...locked].join(', ')}`,
      ...written.map((path) => ` + ${path}`),
      ...moved.map((move) => ` ~ ${move.name} ${move.from} -> ${move.to}`),
      ...gitHint(git_diff),
      `Next: ${path === null || path === '.' ? '' : `cd ${shellWord(path)} && `}pybun install`,
    ],
  }
}

function gitHint(git_diff: boolean): string[] {
  return git_diff ? [] : [`To see the lock in \`git diff\`: ${quoted(GIT_DIFF_COMMAND)}`]
}

/** As one would type it in a POSIX shell. */
function shellWord(word: string): string {
  return /^[\w@%+=:,./][\w@%+=:,./-]*$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

function quoted(words: string[]): string {
  return words.map((word) => (word.includes(' ') ? `"${word}"` : word)).join(' ')
}
