import { COMMANDS, COMMON_OPTIONS, findCommand, usage } from '../commands/table.ts'
import {
  badChoice,
  extraArgument,
  missingArgument,
  optionNeedsValue,
  optionTakesNoValue,
  unknownCommand,
  unknownOption,
} from '../errors/cli.ts'
import { fail } from '../errors/failure.ts'
import type { CommandSpec, Invocation, OptionSpec, Options } from '../model/invocation.ts'

/** What was typed, or what of it asks for something other than a command. */
export type Parsed =
  | { kind: 'invocation'; invocation: Invocation; spec: CommandSpec }
  /** `asked` is false when nothing was typed at all. */
  | { kind: 'help'; spec: CommandSpec | null; asked: boolean }
  | { kind: 'version' }

/**
 * Reads an argument vector without its program. `options` is filled on the way, so that whoever catches the failure
 * knows in which format it is wanted. Common options may stand before and after the command; from the target of
 * `run` and `x` on nothing is ours.
 */
export function parse(argv: readonly string[], options: Options = {}): Parsed {
  const words = [...argv]
  const reader: Reader = { words, options, spec: null, positionals: [], rest: [] }
  while (words.length) readWord(reader)
  const { spec, positionals, rest } = reader
  if (options.version === true && !spec) return { kind: 'version' }
  if (!spec || options.help === true) return { kind: 'help', spec, asked: options.help === true }
  checkPositionals(spec, positionals, options)
  return { kind: 'invocation', spec, invocation: { command: spec.name, options, positionals, rest } }
}

interface Reader {
  words: string[]
  options: Options
  spec: CommandSpec | null
  positionals: string[]
  rest: string[]
}

function readWord(reader: Reader): void {
  const word = reader.words.shift() ?? ''
  if (word === '--') readAfterDashes(reader)
  else if (word.startsWith('--')) readLong(reader, word)
  else if (word.startsWith('-') && word !== '-') readShort(reader, word)
  else if (!reader.spec) readCommand(reader, word)
  else readPositional(reader, word)
}

function readCommand(reader: Reader, word: string): void {
  if (word === 'version') {
    reader.options.version = true
    return
  }
  if (word === 'help') {
    reader.options.help = true
    const next = reader.words.find((candidate) => !candidate.startsWith('-'))
    if (next === undefined) return
    reader.words.splice(reader.words.indexOf(next), 1)
    reader.spec = commandNamed(next)
    return
  }
  reader.spec = commandNamed(word)
}

function commandNamed(word: string): CommandSpec {
  const names = COMMANDS.map(({ name }) => name)
  return findCommand(word) ?? fail(unknownCommand(word, names))
}

function readPositional(reader: Reader, word: string): void {
  reader.positionals.push(word)
  if (takesTarget(reader)) takeRest(reader)
}

/** Behind a lone `--` there are only arguments. */
function readAfterDashes(reader: Reader): void {
  const words = reader.words.splice(0)
  const first = words[0]
  if (!reader.spec) {
    if (first !== undefined)
      fail(
        unknownCommand(
          first,
          COMMANDS.map(({ name }) => name),
        ),
      )
    return
  }
  if (!takesTarget(reader)) reader.positionals.push(...words)
  else {
    reader.positionals.push(...words.slice(0, 1))
    reader.rest.push(...words.slice(1))
  }
}

function takesTarget({ spec }: Reader): boolean {
  return spec?.positionals.some(({ arity }) => arity === 'target') === true
}

function takeRest(reader: Reader): void {
  reader.rest.push(...reader.words.splice(0))
}

function readLong(reader: Reader, word: string): void {
  const [, name = '', attached] = /^--([^=]*)(?:=([\s\S]*))?$/.exec(word) ?? []
  const known = optionsOf(reader)
  const spec = known.find((option) => option.name === name)
  if (!spec) {
    const names = known.map((option) => `--${option.name}`)
    fail(unknownOption(`--${name}`, reader.spec?.name ?? null, names))
  }
  store(reader, spec, `--${name}`, attached)
}

/** `-q`, `-qv`, `-m module`, `-mmodule`. */
function readShort(reader: Reader, word: string): void {
  for (let index = 1; index < word.length; index++) {
    const letter = word[index] ?? ''
    const known = optionsOf(reader)
    const spec = known.find((option) => option.short === letter)
    if (!spec) {
      const names = known.flatMap((option) => (option.short ? [`-${option.short}`] : []))
      fail(unknownOption(`-${letter}`, reader.spec?.name ?? null, names))
    }
    if (spec.kind === 'flag') {
      store(reader, spec, `-${letter}`, undefined)
      continue
    }
    const attached = word.slice(index + 1).replace(/^=/, '')
    store(reader, spec, `-${letter}`, attached === '' ? undefined : attached)
    return
  }
}

function store(reader: Reader, spec: OptionSpec, typed: string, attached: string | undefined): void {
  if (spec.kind === 'flag') {
    if (attached !== undefined) fail(optionTakesNoValue(typed))
    reader.options[spec.name] = true
    return
  }
  const value = attached ?? reader.words.shift() ?? fail(optionNeedsValue(typed, spec.value_name ?? 'VALUE'))
  if (spec.choices && !spec.choices.includes(value)) fail(badChoice(typed, value, spec.choices))
  // A variable that is not set would be the working directory.
  if (value === '' && isPath(spec)) fail(optionNeedsValue(typed, spec.value_name ?? 'VALUE'))
  const before = reader.options[spec.name]
  reader.options[spec.name] = spec.kind === 'list' ? [...(Array.isArray(before) ? before : []), value] : value
  if (spec.ends_options) takeRest(reader)
}

function isPath({ value_name }: OptionSpec): boolean {
  return value_name === 'DIR' || value_name === 'FILE'
}

function optionsOf({ spec }: Reader): OptionSpec[] {
  return [...(spec?.options ?? []), ...COMMON_OPTIONS]
}

function checkPositionals(spec: CommandSpec, positionals: string[], options: Options): void {
  const [first] = spec.positionals
  const given = positionals.length
  const replaced = spec.options.some((option) => option.ends_options && options[option.name] !== undefined)
  const needs = first?.arity === 'one' || first?.arity === 'some' || (first?.arity === 'target' && !replaced)
  if (needs && given === 0) fail(missingArgument(spec.name, `a ${first?.name}`, usage(spec)))
  const most = first === undefined ? 0 : first.arity === 'some' || first.arity === 'many' ? Number.POSITIVE_INFINITY : 1
  const extra = positionals[most]
  if (given > most && extra !== undefined) fail(extraArgument(spec.name, extra, usage(spec)))
}
