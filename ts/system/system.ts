import type { Program } from '../model/outcome.ts'

/** Every effect that TypeScript has itself, as one value. Only the front doors build one. */
export interface System {
  env: Readonly<Record<string, string | undefined>>
  /** The directory the command was called in. */
  cwd: string
  home: string
  platform: string
  files: Files
  processes: Processes
  prompts: Prompts
  tty: { stdin: boolean; stdout: boolean; stderr: boolean }
}

export interface Files {
  /** `null` when there is no such file. Fails with `system/…` problems for everything else that may happen. */
  readText(path: string): Promise<string | null>
  readBytes(path: string): Promise<Buffer | null>
  isFile(path: string): Promise<boolean>
  isDirectory(path: string): Promise<boolean>
  /** The names in a directory, sorted; none when there is no such directory. */
  list(path: string): Promise<string[]>
}

export interface Processes {
  /** Runs to the end and keeps the first bytes of both streams; `signal` kills it. */
  capture(program: Program, limit_bytes: number, signal: AbortSignal): Promise<Captured>
  /** The same for output that is no text. */
  bytes(
    program: Program,
    limit_bytes: number,
    signal: AbortSignal,
  ): Promise<{ exit_code: number; stdout: Buffer; truncated: boolean }>
  /** Runs with our own streams and gives the exit code. For Windows, which cannot exec. */
  inherit(program: Program): Promise<number>
  /** Starts ourselves once more with these arguments, for work that nobody waits for and nobody hears of. */
  detach(args: string[]): Promise<void>
}

export interface Captured {
  exit_code: number
  stdout: string
  stderr: string
  stdout_truncated: boolean
  stderr_truncated: boolean
}

/** Questions to a person. Each rejects with `cli/interrupted` when they leave. */
export interface Prompts {
  text(question: { message: string; initial: string; check(answer: string): string | null }): Promise<string>
  select(question: { message: string; choices: { value: string; label: string }[] }): Promise<string>
  several(question: { message: string; choices: { value: string; label: string }[] }): Promise<string[]>
  confirm(question: { message: string; initial: boolean }): Promise<boolean>
}
