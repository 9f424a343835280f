import { extraArgument, optionsExclude } from '../errors/cli.ts'
import { fail } from '../errors/failure.ts'
import { flag, type Invocation, list } from '../model/invocation.ts'
import type { Outcome } from '../model/outcome.ts'
import type { Context } from '../steps/context.ts'
import { readLock, updateLock, verifyLock } from '../steps/lock.ts'
import { lockSpec } from './specs/lock.ts'
import { usage } from './table.ts'

export async function lock(context: Context, { options, positionals }: Invocation): Promise<Outcome> {
  const upgrade = { all: flag(options, 'upgrade'), packages: list(options, 'upgrade-package') }
  if (flag(options, 'json') && flag(options, 'check')) fail(optionsExclude('--json', '--check'))
  if (flag(options, 'check') && (upgrade.all || upgrade.packages.length)) fail(optionsExclude('--check', '--upgrade'))
  if (flag(options, 'json')) {
    const result = await readLock(context, positionals[0] ?? null)
    return { kind: 'done', result, lines: JSON.stringify(result.lock, null, 2).split('\n') }
  }
  if (positionals[0] !== undefined) fail(extraArgument('lock', positionals[0], usage(lockSpec)))
  const done = flag(options, 'check') ? await verifyLock(context) : await updateLock(context, upgrade)
  return { kind: 'done', ...done }
}
