/** What was typed, after parsing and before any effect. */
export interface Invocation {
  command: string
  options: Options
  positionals: string[]
  /** Everything after the target of `run` and `x`, untouched. */
  rest: string[]
}

export type Options = Record<string, string | boolean | string[]>

/** The description of a command: parser, help, completion and schema all read this one value. */
export interface CommandSpec {
  name: string
  summary: string
  description?: string
  maturity: 'stub' | 'preview' | 'stable'
  positionals: PositionalSpec[]
  options: OptionSpec[]
  examples: { command: string; summary: string }[]
}

export interface PositionalSpec {
  name: string
  summary: string
  /** `rest` follows a `target`: from the target on nothing is an option of ours. */
  arity: 'one' | 'optional' | 'many' | 'some' | 'target' | 'rest'
}

export interface OptionSpec {
  name: string
  short?: string
  kind: 'flag' | 'value' | 'list'
  value_name?: string
  choices?: string[]
  summary: string
  env?: string
  /** The value is what runs: everything behind it belongs to the program (`-m`, `-c`). */
  ends_options?: boolean
}

export function flag(options: Options, name: string): boolean {
  return options[name] === true
}

export function value(options: Options, name: string): string | null {
  const found = options[name]
  return typeof found === 'string' ? found : null
}

export function list(options: Options, name: string): string[] {
  const found = options[name]
  return Array.isArray(found) ? found : []
}
