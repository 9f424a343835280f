import type { Invocation } from '../model/invocation.ts'
import type { Outcome } from '../model/outcome.ts'
import type { Context } from '../steps/context.ts'
import { uninstallPackages } from '../steps/uninstall.ts'

export async function uninstall(context: Context, { positionals }: Invocation): Promise<Outcome> {
  return { kind: 'done', ...(await uninstallPackages(context, positionals)) }
}
