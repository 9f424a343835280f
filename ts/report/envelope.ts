import type { Event } from '../model/event.ts'
import type { Fix, Problem } from '../model/problem.ts'
import { redact } from './redact.ts'
import type { Settled } from './settle.ts'

/** What `--format=json` prints; `schemas/envelope.json` describes it. */
export interface Envelope {
  version: 1
  command: string | null
  status: 'ok' | 'error'
  exit_code: number
  duration_ms: number
  result: Record<string, unknown> | null
  events: (Event & { at_ms: number })[]
  diagnostics: Diagnostic[]
}

export interface Diagnostic {
  level: 'error' | 'warning' | 'info'
  code: string
  /** The step that failed: the first part of the code. */
  error_type: string
  message: string
  hint?: string
  fix?: Fix
  /** The fix as a line for a shell. */
  fix_suggestion?: string
  context?: Record<string, unknown>
}

export interface Told {
  command: string | null
  duration_ms: number
  events: Envelope['events']
  warnings: Problem[]
}

export function envelope(settled: Settled, told: Told): Envelope {
  const { duration_ms, events, warnings } = told
  // Where no command was known it is the word that was typed there.
  const command = redact(told.command)
  const shared = { version: 1 as const, command, duration_ms: Math.round(duration_ms), events: redact(events) }
  const warned = warnings.map((problem) => diagnostic(problem, 'warning'))
  if (settled.kind === 'failed') {
    const diagnostics = [...settled.problems.map((problem) => diagnostic(problem, 'error')), ...warned]
    const { exit_code } = settled
    return { ...shared, status: 'error', exit_code, result: null, diagnostics: redact(diagnostics) }
  }
  const { outcome } = settled
  if (outcome.kind === 'handover') throw new Error('a program that replaces us leaves nobody to write an envelope')
  const exit_code = outcome.exit_code ?? 0
  const diagnostics = [...(outcome.problems ?? []).map((problem) => diagnostic(problem, 'error')), ...warned]
  return {
    ...shared,
    status: exit_code === 0 ? 'ok' : 'error',
    exit_code,
    result: redact(outcome.result, outcome.document),
    diagnostics: redact(diagnostics),
  }
}

function diagnostic(problem: Problem, level: Diagnostic['level']): Diagnostic {
  const { code, message, hint, fix, context } = problem
  return {
    level,
    code,
    error_type: code.split('/')[0] ?? code,
    message,
    ...(hint ? { hint } : {}),
    ...(fix ? { fix, fix_suggestion: shellLine(fix.command) } : {}),
    ...(context && Object.keys(context).length ? { context } : {}),
  }
}

/** A command as one would type it in a POSIX shell. */
export function shellLine(command: string[]): string {
  return command.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ')
}
