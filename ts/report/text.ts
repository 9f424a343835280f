import type { Problem } from '../model/problem.ts'
import { shellLine } from './envelope.ts'
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
  const fix = problem.fix ? shellLine(problem.fix.command) : null
  if (fix && !problem.hint?.includes(fix)) lines.push(`  ${paint(32, 'fix')}: ${fix}`)
  const stack = problem.context?.stack
  if (verbose && typeof stack === 'string') lines.push(stack)
  return redactText(`${lines.join('\n')}\n`)
}

/**
 * Text from archives and indexes without what a terminal obeys or hides: colours go, other control characters and those
 * that turn the direction of writing are shown. Lines and tabs stay.
 */
export function harmlessText(text: string): string {
  return text.replace(COLOUR, '').replace(OBEYED, (found) => {
    if (found === '\n' || found === '\t') return found
    const code = found.charCodeAt(0).toString(16)
    return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`
  })
}

const COLOUR = /\p{Cc}\[[0-9;]*m/gu
const OBEYED = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu
