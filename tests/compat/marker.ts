/** Environment markers, written from the specification ("Dependency specifiers") for the checker of locks. */
import { fits } from './version.ts'

/** A place where something is to run: what each marker variable says there. */
export type Point = Record<string, string>

const TOKEN = /\s*(\(|\)|'[^']*'|"[^"]*"|===|~=|==|!=|<=|>=|<|>|\bnot\s+in\b|\bin\b|\band\b|\bor\b|[a-z_.]+)/y
const VERSIONS = new Set(['python_version', 'python_full_version', 'implementation_version'])

export function holds(marker: string | null | undefined, point: Point): boolean {
  if (!marker) return true
  const tokens = tokensOf(marker)
  const value = disjunction(tokens, point)
  if (tokens.length > 0) throw new Error(`no marker: ${marker}`)
  return value
}

function tokensOf(text: string): string[] {
  const tokens: string[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const at = TOKEN.lastIndex
    const found = TOKEN.exec(text)
    if (!found) throw new Error(`no marker, at ${at}: ${text}`)
    tokens.push((found[1] ?? '').replace(/\s+/, ' '))
  }
  return tokens
}

function disjunction(tokens: string[], point: Point): boolean {
  let value = conjunction(tokens, point)
  while (tokens[0] === 'or') {
    tokens.shift()
    value = conjunction(tokens, point) || value
  }
  return value
}

function conjunction(tokens: string[], point: Point): boolean {
  let value = comparison(tokens, point)
  while (tokens[0] === 'and') {
    tokens.shift()
    value = comparison(tokens, point) && value
  }
  return value
}

function comparison(tokens: string[], point: Point): boolean {
  if (tokens[0] === '(') {
    tokens.shift()
    const value = disjunction(tokens, point)
    if (tokens.shift() !== ')') throw new Error('a parenthesis is open')
    return value
  }
  const [left = '', operator = '', right = ''] = tokens.splice(0, 3)
  const value = (token: string) => {
    if (/^['"]/.test(token)) return token.slice(1, -1)
    const known = point[token]
    if (known === undefined) throw new Error(`unknown variable: ${token}`)
    return known
  }
  const [a, b] = [value(left), value(right)]
  if (operator === 'in') return b.includes(a)
  if (operator === 'not in') return !b.includes(a)
  if (VERSIONS.has(left)) return fits(a, operator + b)
  if (VERSIONS.has(right)) return fits(b, (MIRRORED[operator] ?? operator) + a)
  if (operator === '==') return a === b
  if (operator === '!=') return a !== b
  throw new Error(`not compared as strings here: ${left} ${operator} ${right}`)
}

const MIRRORED: Record<string, string> = { '<': '>', '>': '<', '<=': '>=', '>=': '<=' }
