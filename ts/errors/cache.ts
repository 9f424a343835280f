import type { Problem } from '../model/problem.ts'

export function cacheDamaged(count: number): Problem {
  return {
    code: 'cache/damaged',
    message: count === 1 ? '1 wheel of the store is damaged' : `${count} wheels of the store are damaged`,
    hint: 'With --discard they are taken out, and fetched again when they are needed',
    fix: { command: ['pybun', 'cache', 'verify', '--discard'], safety: 'safe' },
    context: { count },
  }
}
