import type { Invocation } from '../model/invocation.ts'
import type { Outcome } from '../model/outcome.ts'
import { removeRequirements } from '../steps/add.ts'
import type { Context } from '../steps/context.ts'
import { tableOf } from './add.ts'

export async function remove(context: Context, invocation: Invocation): Promise<Outcome> {
  const wish = { names: invocation.positionals, table: tableOf(invocation) }
  const { result, summary, removed, manifest } = await removeRequirements(context, wish)
  return {
    kind: 'done',
    result: { removed, manifest, ...result },
    summary: [`Removed ${invocation.positionals.join(', ')}`, ...summary],
  }
}
