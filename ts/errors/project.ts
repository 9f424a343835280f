import type { Problem } from '../model/problem.ts'
import { nearest } from './nearest.ts'

export function projectNotFound(directory: string): Problem {
  return {
    code: 'project/not-found',
    message: `There is no pyproject.toml in ${directory} or above it`,
    hint: '`pybun init` makes a project here',
    fix: { command: ['pybun', 'init', '-y'], safety: 'review' },
    context: { directory },
  }
}

export function noProjectTable(path: string): Problem {
  return {
    code: 'project/no-project-table',
    message: `${path} has no [project] table, so there is nowhere to keep dependencies`,
    hint: 'Add a [project] table with `name` and `version` (PEP 621)',
    context: { path },
  }
}

export function unknownGroup(group: string, known: string[]): Problem {
  const near = nearest(group, known)
  return {
    code: 'project/unknown-group',
    message: `The project has no dependency group \`${group}\``,
    hint: near
      ? `Did you mean \`${near}\`?`
      : known.length
        ? `It has ${known.join(', ')}`
        : 'It has no dependency groups',
    context: { group, known },
  }
}

export function unknownExtra(extra: string, known: string[]): Problem {
  const near = nearest(extra, known)
  return {
    code: 'project/unknown-extra',
    message: `The project has no extra \`${extra}\``,
    hint: near ? `Did you mean \`${near}\`?` : known.length ? `It has ${known.join(', ')}` : 'It has no extras',
    context: { extra, known },
  }
}

export function notADependency(name: string, where: string, known: string[], elsewhere: string[] | null): Problem {
  const near = nearest(name, known)
  const command = ['pybun', 'remove', ...(elsewhere ?? []), name]
  return {
    code: 'remove/not-a-dependency',
    message: `\`${name}\` is not in ${where}`,
    hint: elsewhere
      ? `It stands elsewhere: \`${command.join(' ')}\``
      : near
        ? `Did you mean \`${near}\`?`
        : 'Only direct dependencies can be removed; nothing was changed',
    ...(elsewhere ? { fix: { command, safety: 'review' as const } } : {}),
    context: { name, where, ...(near ? { nearest: near } : {}) },
  }
}

export function requiresItself(name: string, text: string): Problem {
  return {
    code: 'project/requires-itself',
    message: `\`${text}\` is the project itself, which cannot be one of its own dependencies`,
    hint: 'If another project of this name is meant, give this one another `name` in pyproject.toml; extras of its own go to a group or an extra',
    fix: { command: ['pybun', 'add', '--dev', text], safety: 'review' },
    context: { name },
  }
}

export function alreadyAProject(path: string): Problem {
  return {
    code: 'init/already-a-project',
    message: `${path} exists already; nothing was changed`,
    hint: '`pybun add NAME` adds a dependency to it',
    context: { path },
  }
}

export function badProjectName(name: string): Problem {
  return {
    code: 'init/bad-name',
    message: `\`${name}\` cannot be the name of a project`,
    hint: 'Use ASCII letters, digits, `-`, `_` and `.`, beginning and ending with a letter or digit (PEP 508)',
    context: { name },
  }
}

export function alreadyLocked(path: string): Problem {
  return {
    code: 'init/already-locked',
    message: `${path} exists already; nothing was changed`,
    hint: 'Remove it first if its versions do not matter',
    context: { path },
  }
}

export function notCarriedOver(what: string, file: string): Problem {
  return { code: 'init/not-carried-over', message: `Not carried over from ${file}: ${what}`, context: { file } }
}

/** A name that is private there may be somebody else's project on the index that would be asked here. */
export function notPlaced(what: string[], file: string, command: string[]): Problem {
  return {
    code: 'init/not-placed',
    message: `${file} takes packages from where pyproject.toml cannot say: ${what.join('; ')}; nothing was written`,
    hint: 'Say with --index-url which index is to be asked',
    fix: { command, safety: 'review' },
    context: { file, what },
  }
}

export function listedAsRequired(names: string[], file: string): Problem {
  const named = names.map((name) => `\`${name}\``).join(', ')
  return {
    code: 'init/listed-as-required',
    message: `${file} does not say what requires ${named} (an extra may), so that the project does`,
    context: { file, names },
  }
}

export function keywordName(name: string): Problem {
  return {
    code: 'init/keyword',
    message: `\`${name}\` is a word of Python, so that no module can be called like it`,
    hint: 'Choose another name with --name',
    context: { name },
  }
}

export function standardName(name: string): Problem {
  return {
    code: 'init/standard-module',
    message: `\`${name}\` is a module of the standard library: one of the two would hide the other`,
    hint: 'Choose another name with --name',
    context: { name },
  }
}
