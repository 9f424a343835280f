import type { Problem } from './problem.ts'

/** What a command hands back. Only `ts/report` turns it into text or into an envelope. */
export type Outcome = DoneOutcome | HandoverOutcome

export interface DoneOutcome {
  kind: 'done'
  /** The `result` of the envelope; its shape is `schemas/results/<command>.json`. */
  result: Record<string, unknown>
  /** What the command was asked to print: stdout in text mode. Each is one line, whatever text of others is in it. */
  lines?: string[]
  /** The same where it is a file for a program, harmless by what wrote it: printed byte by byte. */
  document?: string
  /** What was done, for a person: stdout in text mode, silent with `--quiet`. */
  summary?: string[]
  /** The exit code, when it is another program's. */
  exit_code?: number
  /** Why `exit_code` is not 0. */
  problems?: Problem[]
}

/** The command ends by becoming another program, so that no Node stays behind. */
export interface HandoverOutcome {
  kind: 'handover'
  program: Program
}

/** A program to start: `env` is laid over the inherited variables, `null` removes one. */
export interface Program {
  program: string
  args: string[]
  env: Record<string, string | null>
  cwd?: string
}
