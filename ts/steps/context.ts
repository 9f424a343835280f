import type { Emit } from '../model/event.ts'
import type { Options } from '../model/invocation.ts'
import type { Problem } from '../model/problem.ts'
import type { Native } from '../native/native.ts'
import type { System } from '../system/system.ts'

/** What every step may use. Commands hand it on and cannot look inside. */
export interface Context {
  system: System
  native: Native
  options: Options
  format: 'text' | 'json'
  emit: Emit
  /** For what went wrong without stopping anything. */
  warn(problem: Problem): void
  /** Told once the configuration is known. */
  progress(when: 'auto' | 'always' | 'never'): void
  signal: AbortSignal
}
