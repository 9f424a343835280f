import { missingArgument } from '../errors/cli.ts'
import { fail } from '../errors/failure.ts'
import { type Invocation, list, value } from '../model/invocation.ts'
import type { Outcome } from '../model/outcome.ts'
import type { Context } from '../steps/context.ts'
import { runTool } from '../steps/tool.ts'
import { xSpec } from './specs/x.ts'
import { usage } from './table.ts'

export async function x(context: Context, { options, positionals, rest }: Invocation): Promise<Outcome> {
  const command = positionals[0] ?? fail(missingArgument('x', 'a COMMAND', usage(xSpec)))
  const args = rest[0] === '--' ? rest.slice(1) : rest
  return runTool(context, { command, from: value(options, 'from'), with: list(options, 'with'), args })
}
