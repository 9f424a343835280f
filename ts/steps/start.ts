import { moduleNotFound, programFailed } from '../errors/run.ts'
import type { Environment, Settings } from '../model/native.ts'
import type { Outcome, Program } from '../model/outcome.ts'
import type { Problem } from '../model/problem.ts'
import type { Context } from './context.ts'

const KEPT_BYTES = 1 << 20

/** An environment in which a program starts next. */
export interface Ready {
  environment: Environment
  settings: Settings
  /** Something was installed into it just now. */
  changed: boolean
}

/**
 * Becomes the program; for an envelope, which must be all there is on stdout, runs it and keeps what it printed.
 * `about` goes into the result beside the exit code.
 */
export async function start(
  context: Context,
  { environment, settings, changed }: Ready,
  program: Program,
  about: Record<string, unknown>,
): Promise<Outcome> {
  if (changed) {
    const { program: path, args } = program
    await context.native.bytecodeBeside({ settings, environment: environment.path, program: path, args })
  }
  if (context.format === 'text') return { kind: 'handover', program }
  const captured = await context.system.processes.capture(program, KEPT_BYTES, context.signal)
  return {
    kind: 'done',
    exit_code: captured.exit_code,
    result: { ...about, program: program.program, args: program.args, ...captured },
    problems: captured.exit_code === 0 ? [] : [explain(program, captured.exit_code, captured.stderr)],
  }
}

/** A program's own failure is not ours, but a missing module has a remedy that we know. */
function explain(program: Program, exit_code: number, stderr: string): Problem {
  const missing = /^ModuleNotFoundError: No module named '([\w.]+)'/m.exec(stderr)?.[1]
  return missing ? moduleNotFound(missing, exit_code) : programFailed(program.program, exit_code)
}
