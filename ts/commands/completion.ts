import { badChoice } from '../errors/cli.ts'
import { fail } from '../errors/failure.ts'
import type { Invocation } from '../model/invocation.ts'
import type { Outcome } from '../model/outcome.ts'
import type { Context } from '../steps/context.ts'
import { bash } from './completion/bash.ts'
import { fish } from './completion/fish.ts'
import { powershell } from './completion/powershell.ts'
import { zsh } from './completion/zsh.ts'

const SHELLS: Record<string, () => string> = { bash, zsh, fish, powershell }

export async function completion(_context: Context, { positionals }: Invocation): Promise<Outcome> {
  const shell = positionals[0] ?? ''
  const script = SHELLS[shell] ?? fail(badChoice('SHELL', shell, Object.keys(SHELLS)))
  const document = script()
  return { kind: 'done', result: { shell, script: document }, document }
}
