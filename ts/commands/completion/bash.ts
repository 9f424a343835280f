import { COMMANDS, COMMON_OPTIONS } from '../table.ts'
import { longNames } from './words.ts'

export function bash(): string {
  const cases = COMMANDS.map(
    (spec) => `    ${spec.name}) words="${longNames([...spec.options, ...COMMON_OPTIONS]).join(' ')}" ;;`,
  )
  return `_pybun() {
  local word="\${COMP_WORDS[COMP_CWORD]}" command="" words="" index
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "\${COMP_WORDS[index]}" in
      -*) ;;
      *) command="\${COMP_WORDS[index]}"; break ;;
    esac
  done
  case "$command" in
    "") words="${[...COMMANDS.map((spec) => spec.name), ...longNames(COMMON_OPTIONS)].join(' ')}" ;;
${cases.join('\n')}
  esac
  if [[ "$word" == -* || -z "$command" ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$word"))
  else
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}
complete -o filenames -F _pybun pybun
`
}
