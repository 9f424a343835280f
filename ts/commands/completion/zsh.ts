import type { OptionSpec } from '../../model/invocation.ts'
import { COMMANDS, COMMON_OPTIONS } from '../table.ts'

export function zsh(): string {
  const commands = COMMANDS.map((spec) => `    ${quote(`${spec.name}:${spec.summary}`)}`)
  const cases = COMMANDS.map((spec) => {
    const options = [...spec.options, ...COMMON_OPTIONS].map((option) => `        ${argument(option)} \\`)
    return `      ${spec.name})\n        _arguments \\\n${options.join('\n')}\n        '*:file:_files' ;;`
  })
  return `#compdef pybun
_pybun() {
  local -a commands
  commands=(
${commands.join('\n')}
  )
  _arguments -C '1:command:->command' '*::argument:->argument'
  case $state in
    command) _describe command commands ;;
    argument)
    case $words[1] in
${cases.join('\n')}
    esac ;;
  esac
}
if [ "$funcstack[1]" = "_pybun" ]; then _pybun "$@"; else compdef _pybun pybun; fi
`
}

function argument({ name, kind, summary, value_name, choices }: OptionSpec): string {
  const text = summary.replace(/[[\]:]/g, ' ')
  if (kind === 'flag') return quote(`--${name}[${text}]`)
  const values = choices ? `(${choices.join(' ')})` : '_files'
  return quote(`${kind === 'list' ? '*' : ''}--${name}=[${text}]:${value_name}:${values}`)
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
