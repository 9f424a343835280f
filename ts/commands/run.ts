import { missingArgument } from '../errors/cli.ts'
import { fail } from '../errors/failure.ts'
import { type Invocation, value } from '../model/invocation.ts'
import type { Outcome } from '../model/outcome.ts'
import type { Context } from '../steps/context.ts'
import { runTarget, type Target } from '../steps/run.ts'
import { runSpec } from './specs/run.ts'
import { usage } from './table.ts'

export async function run(context: Context, invocation: Invocation): Promise<Outcome> {
  return runTarget(context, targetOf(invocation), invocation.rest)
}

function targetOf({ options, positionals }: Invocation): Target {
  const module = value(options, 'module')
  if (module !== null) return { kind: 'module', name: module }
  const code = value(options, 'code')
  if (code !== null) return { kind: 'code', text: code }
  const name = positionals[0] ?? fail(missingArgument('run', 'a TARGET', usage(runSpec)))
  return name === '-' ? { kind: 'stdin' } : { kind: 'named', name }
}
