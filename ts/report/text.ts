import type { Problem } from '../model/problem.ts'
import { shellLine } from './envelope.ts'
import { harmlessLine, harmlessText } from './harmless.ts'
import { redactText } from './redact.ts'

export interface TextStyle {
  colour: boolean
  verbose: boolean
}

/** A problem for a person: what, then what to do about it. */
export function problemText(problem: Problem, level: 'error' | 'warning', { colour, verbose }: TextStyle): string {
  const paint = (code: number, text: string) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text)
  const lines = [`${paint(level === 'error' ? 31 : 33, `${level}[${problem.code}]`)}: ${harmlessText(problem.message)}`]
  if (problem.hint) lines.push(`  ${paint(36, 'hint')}: ${harmlessText(problem.hint)}`)
  const fix = problem.fix ? harmlessLine(shellLine(problem.fix.command)) : null
  if (fix && !problem.hint?.includes(fix)) lines.push(`  ${paint(32, 'fix')}: ${fix}`)
  const stack = problem.context?.stack
  if (verbose && typeof stack === 'string') lines.push(harmlessText(stack))
  return redactText(`${lines.join('\n')}\n`)
}
