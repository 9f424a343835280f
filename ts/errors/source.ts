import type { Problem } from '../model/problem.ts'

export function sourceUnknown(typed: string, path: string): Problem {
  return {
    code: 'requirement/no-such-place',
    message: `\`${typed}\` is neither a file nor a directory`,
    hint: 'A path begins with `./`, `../` or `/`; a project of an index is named alone',
    context: { typed, path },
  }
}

/** Without the text of the line: the file may be a private one that a link or an `-r` leads to. */
export function sourceUnknownIn(path: string, line: number): Problem {
  return {
    code: 'requirement/no-such-place',
    message: `${path}:${line}: the line names a file or directory that is not there`,
    hint: 'A path is meant from the working directory; a project of an index is named alone',
    context: { path, line },
  }
}

export function sourceNotRepository(option: string, typed: string): Problem {
  const repository = option !== '--editable'
  return {
    code: 'cli/usage',
    message: `\`${option}\` is for ${repository ? 'repositories' : 'directories'}, and \`${typed}\` is none`,
    hint: repository ? 'A repository begins with `git+`, as in `git+https://host/owner/name`' : 'Leave it out',
    context: { option, typed },
  }
}

export function manifestChanged(path: string): Problem {
  return {
    code: 'manifest/changed-meanwhile',
    message: `${path} was edited while PyBun was at work; nothing was written`,
    hint: 'Run the command again',
    context: { path },
  }
}
