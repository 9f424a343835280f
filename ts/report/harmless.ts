/**
 * Text of others without what a terminal obeys, what turns the direction of writing, and what starts a new line: the one
 * writer for all of it. `crates/model/src/harmless.rs` does the same.
 */

/** One line, whatever was in the text: colours go, other harmful characters are shown by their numbers. */
export function harmlessLine(text: string): string {
  return text.replace(COLOUR, '').replace(HARMFUL, shown)
}

/** The same for a text of ours that has lines. A further line is indented, so that none looks like the first of something. */
export function harmlessText(text: string): string {
  const [first = '', ...further] = text.split('\n').map((line) => line.split('\t').map(harmlessLine).join('\t'))
  return [first, ...further.map((line) => (line === '' || /^\s/.test(line) ? line : `  ${line}`))].join('\n')
}

/** A text of JSON that means the same and has no harmful character in its texts. */
export function harmlessJson(json: string): string {
  return json.replace(HARMFUL, (found) => (found === '\n' ? found : `\\u${hex(found, 4)}`))
}

function shown(found: string): string {
  // Beyond ASCII as JSON has it, so that a text of JSON stays one.
  return found < ' ' ? `\\x${hex(found, 2)}` : `\\u${hex(found, 4)}`
}

function hex(character: string, digits: number): string {
  return character.charCodeAt(0).toString(16).padStart(digits, '0')
}

const COLOUR = /\p{Cc}\[[0-9;]*m/gu
const HARMFUL = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu
