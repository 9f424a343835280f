import type { Problem } from '../model/problem.ts'
import { nearest } from './nearest.ts'

export function lockMissing(path: string): Problem {
  return {
    code: 'lock/missing',
    message: `There is no lock at ${path}`,
    hint: '`pybun lock` makes it',
    fix: { command: ['pybun', 'lock'], safety: 'safe' },
    context: { path },
  }
}

export function lockStale(path: string, reasons: string[]): Problem {
  return {
    code: 'lock/stale',
    message: `${path} no longer fits pyproject.toml${reasons.length ? `: ${reasons.join('; ')}` : ''}`,
    hint: '`pybun lock` brings it up to date',
    fix: { command: ['pybun', 'lock'], safety: 'safe' },
    context: { path, reasons },
  }
}

/** The addon sees bytes and no file; a person looks for the file. */
export function ofLock(path: string, problem: Problem): Problem {
  if (!UNREADABLE.test(problem.code) || problem.context?.path) return problem
  return { ...problem, message: `${path}: ${problem.message}`, context: { ...problem.context, path } }
}

const UNREADABLE = /^lock\/(not-a-lock|truncated|corrupt|newer-format)$/

export function lockReplaced(path: string, reason: Problem): Problem {
  return {
    code: 'lock/replaced',
    message: `${reason.message}; it was made anew`,
    hint: 'Versions may have moved; version control has the old lock, if it was ever whole',
    context: { path, reason: reason.code },
  }
}

export function notInLock(name: string, path: string, known: string[]): Problem {
  const near = nearest(name, known)
  return {
    code: 'lock/no-such-package',
    message: `\`${name}\` is not in ${path}`,
    hint: near ? `Did you mean \`${near}\`?` : '`pybun tree` shows what is in it',
    fix: { command: near ? ['pybun', 'why', near] : ['pybun', 'tree'], safety: 'safe' },
    context: { name, path, ...(near ? { nearest: near } : {}) },
  }
}

/** The code of the note that says what will move. */
export const MOVES = 'lock/moves'

export function lockMerged(path: string, sides: number): Problem {
  const what = sides === 2 ? 'the versions of both sides' : sides === 1 ? 'the versions of one side' : 'no old versions'
  return {
    code: 'lock/merged',
    message: `${path} was in the middle of a merge and is resolved again with ${what}`,
    hint: `\`git add ${path}\` tells git that it is settled`,
    context: { path, sides },
  }
}
