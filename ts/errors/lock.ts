import type { Problem } from '../model/problem.ts'

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
