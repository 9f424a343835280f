import type { CommandSpec } from '../../model/invocation.ts'

export const completionSpec: CommandSpec = {
  name: 'completion',
  summary: 'Print a completion script for a shell',
  maturity: 'preview',
  positionals: [{ name: 'SHELL', summary: 'bash, zsh, fish or powershell', arity: 'one' }],
  options: [],
  examples: [
    { command: 'pybun completion bash > ~/.local/share/bash-completion/completions/pybun', summary: 'bash' },
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is zsh's own notation
    { command: 'pybun completion zsh > "${fpath[1]}/_pybun"', summary: 'zsh' },
    { command: 'pybun completion fish > ~/.config/fish/completions/pybun.fish', summary: 'fish' },
  ],
}
