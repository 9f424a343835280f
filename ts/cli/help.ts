import { COMMANDS, COMMON_OPTIONS, usage } from '../commands/table.ts'
import type { CommandSpec, OptionSpec } from '../model/invocation.ts'
import type { DoneOutcome } from '../model/outcome.ts'

const EXIT_CODES: Record<string, string> = {
  '0': 'done',
  '1': 'an expected failure; the diagnostics say which',
  '2': 'wrong usage',
  '70': 'a bug in PyBun',
  '130': 'interrupted',
}

/** Help for one command or for all, as text and as data. */
export function help(spec: CommandSpec | null, version: string): DoneOutcome {
  const commands = (spec ? [spec] : COMMANDS).map(commandData)
  const common_options = COMMON_OPTIONS.map(optionData)
  return {
    kind: 'done',
    result: { version, commands, common_options, exit_codes: EXIT_CODES },
    document: spec ? commandHelp(spec) : overview(version),
  }
}

function overview(version: string): string {
  return `PyBun ${version}: one tool for Python projects, scripts and tools

Usage: pybun COMMAND [options] [arguments]

Start here:
  pybun init -y hello && cd hello   a project
  pybun add flask                   a dependency, locked and installed
  pybun run hello                   the project's own command
  pybun run script.py               a file; its inline dependencies (PEP 723) come along
  pybun x ruff check .              a tool, without installing it

Commands:
${columns(COMMANDS.map(({ name, summary }) => [name, summary]))}

Options of every command:
${columns(COMMON_OPTIONS.map((option) => [optionTitle(option), optionSummary(option)]))}

For programs: --format=json prints one envelope on stdout, for failures too (pybun schema envelope);
pybun --help --format=json describes all of this as data.
Exit codes: ${Object.entries(EXIT_CODES)
    .map(([code, meaning]) => `${code} ${meaning}`)
    .join(', ')}.
\`pybun COMMAND --help\` says more about a command.
`
}

function commandHelp(spec: CommandSpec): string {
  const sections = [
    `${spec.summary}\n\nUsage: ${usage(spec)}`,
    ...(spec.description ? [wrap(spec.description)] : []),
    ...(spec.positionals.length
      ? [`Arguments:\n${columns(spec.positionals.map(({ name, summary }) => [name, summary]))}`]
      : []),
    ...(spec.options.length
      ? [`Options:\n${columns(spec.options.map((option) => [optionTitle(option), optionSummary(option)]))}`]
      : []),
    `Options of every command:\n${columns(COMMON_OPTIONS.map((option) => [optionTitle(option), optionSummary(option)]))}`,
    ...(spec.examples.length
      ? [`Examples:\n${columns(spec.examples.map(({ command, summary }) => [command, summary]))}`]
      : []),
  ]
  return `${sections.join('\n\n')}\n`
}

function optionTitle({ name, short, kind, value_name }: OptionSpec): string {
  const long = kind === 'flag' ? `--${name}` : `--${name} ${value_name}`
  return short ? `-${short}, ${long}` : `    ${long}`
}

function optionSummary({ summary, choices, env }: OptionSpec): string {
  const notes = [...(choices ? [choices.join('|')] : []), ...(env ? [env] : [])]
  return notes.length ? `${summary} [${notes.join('; ')}]` : summary
}

function columns(rows: [string, string][]): string {
  const width = Math.min(34, Math.max(...rows.map(([left]) => left.length)))
  return rows
    .map(([left, right]) =>
      left.length > width ? `  ${left}\n  ${' '.repeat(width)}  ${right}` : `  ${left.padEnd(width)}  ${right}`,
    )
    .join('\n')
}

function wrap(text: string): string {
  const lines = ['']
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? ''
    if (last.length + word.length > 99) lines.push(word)
    else lines[lines.length - 1] = last ? `${last} ${word}` : word
  }
  return lines.join('\n')
}

function commandData(spec: CommandSpec) {
  const { name, summary, description, maturity, positionals, options, examples } = spec
  return {
    name,
    summary,
    description: description ?? null,
    maturity,
    usage: usage(spec),
    arguments: positionals.map((positional) => ({
      name: positional.name,
      required: ['one', 'some', 'target'].includes(positional.arity),
      repeatable: ['some', 'many', 'rest'].includes(positional.arity),
      summary: positional.summary,
    })),
    options: options.map(optionData),
    examples,
  }
}

function optionData({ name, short, kind, value_name, choices, env, summary }: OptionSpec) {
  return {
    name,
    short: short ?? null,
    takes: kind === 'flag' ? null : (value_name ?? 'VALUE'),
    repeatable: kind === 'list',
    choices: choices ?? null,
    env: env ?? null,
    summary,
  }
}
