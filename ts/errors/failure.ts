import type { Problem } from '../model/problem.ts'

/** Stops a command because of something that may happen to anyone. Caught once, in `ts/report/settle.ts`. */
export function fail(problem: Problem, ...more: Problem[]): never {
  throw new Failure([problem, ...more])
}

export class Failure extends Error {
  readonly problems: Problem[]

  constructor(problems: Problem[]) {
    super(problems.map((problem) => `${problem.code}: ${problem.message}`).join('\n'))
    this.name = 'Failure'
    this.problems = problems
  }
}
