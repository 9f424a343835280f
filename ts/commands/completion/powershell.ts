import { COMMANDS, COMMON_OPTIONS } from '../table.ts'
import { apostrophes, longNames } from './words.ts'

export function powershell(): string {
  const list = (words: string[]) => `@(${words.map(apostrophes).join(', ')})`
  const cases = COMMANDS.map(
    (spec) => `    ${apostrophes(spec.name)} = ${list(longNames([...spec.options, ...COMMON_OPTIONS]))}`,
  )
  return `Register-ArgumentCompleter -Native -CommandName pybun -ScriptBlock {
  param($word, $tree, $position)
  $options = @{
${cases.join('\n')}
  }
  $typed = @($tree.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
  $command = $typed | Where-Object { $_ -notlike '-*' -and $options.ContainsKey($_) } | Select-Object -First 1
  $words = if ($command) { $options[$command] } else { ${list([...COMMANDS.map((spec) => spec.name), ...longNames(COMMON_OPTIONS)])} }
  $words | Where-Object { $_ -like "$word*" } | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
  }
}
`
}
