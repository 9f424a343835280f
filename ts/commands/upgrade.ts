import { flag, type Invocation, list } from '../model/invocation.ts'
import type { Outcome } from '../model/outcome.ts'
import type { Context } from '../steps/context.ts'
import { upgradeProject } from '../steps/upgrade.ts'

export async function upgrade(context: Context, { options, positionals }: Invocation): Promise<Outcome> {
  const done = await upgradeProject(context, {
    packages: positionals,
    dry_run: flag(options, 'dry-run'),
    interactive: flag(options, 'interactive'),
    choice: {
      groups: list(options, 'group'),
      extras: list(options, 'extra'),
      no_dev: flag(options, 'no-dev'),
      reinstall: false,
      keep_extraneous: false,
    },
  })
  return { kind: 'done', ...done }
}
