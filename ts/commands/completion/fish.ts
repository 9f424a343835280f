import type { OptionSpec } from '../../model/invocation.ts'
import { COMMANDS, COMMON_OPTIONS } from '../table.ts'

export function fish(): string {
  const lines = COMMANDS.flatMap((spec) => [
    `complete -c pybun -n __fish_use_subcommand -f -a ${spec.name} -d ${quote(spec.summary)}`,
    ...spec.options.map((option) => optionLine(option, ` -n '__fish_seen_subcommand_from ${spec.name}'`)),
  ])
  return `${[...COMMON_OPTIONS.map((option) => optionLine(option, '')), ...lines].join('\n')}\n`
}

function optionLine({ name, short, kind, choices, summary }: OptionSpec, condition: string): string {
  const letter = short ? ` -s ${short}` : ''
  const takes = kind === 'flag' ? '' : choices ? ` -x -a ${quote(choices.join(' '))}` : ' -r'
  return `complete -c pybun${condition}${letter} -l ${name}${takes} -d ${quote(summary)}`
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
