import type { OptionSpec } from '../../model/invocation.ts'

export function longNames(options: OptionSpec[]): string[] {
  return options.map((option) => `--${option.name}`)
}

/** For shells that quote with apostrophes and double the inner ones. */
export function apostrophes(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
