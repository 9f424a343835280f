import { crash } from '../errors/cli.ts'
import { Failure } from '../errors/failure.ts'
import type { Outcome } from '../model/outcome.ts'
import type { Problem } from '../model/problem.ts'

/** How a command ended: with its outcome, or with problems. */
export type Settled = { kind: 'outcome'; outcome: Outcome } | { kind: 'failed'; problems: Problem[]; exit_code: number }

/** The one catch. What is no expected failure is a bug of ours, and is reported as one. */
export async function settle(task: () => Promise<Outcome>): Promise<Settled> {
  try {
    return { kind: 'outcome', outcome: await task() }
  } catch (error) {
    return failed(error instanceof Failure ? error.problems : [crash(error)])
  }
}

export function failed(problems: Problem[]): Settled {
  return { kind: 'failed', problems, exit_code: Math.max(...problems.map(exitCode)) }
}

function exitCode({ code }: Problem): number {
  switch (code) {
    case 'cli/usage':
      return 2
    case 'cli/crash':
      return 70
    case 'cli/interrupted':
      return 130
    default:
      return 1
  }
}
