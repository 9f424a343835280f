import { optionsExclude } from '../errors/cli.ts'
import { fail } from '../errors/failure.ts'
import { flag, type Invocation, list } from '../model/invocation.ts'
import type { Outcome } from '../model/outcome.ts'
import type { Context } from '../steps/context.ts'
import { installFromFiles, installFromProject } from '../steps/install.ts'

export async function install(context: Context, { options }: Invocation): Promise<Outcome> {
  const files = list(options, 'requirements')
  const reinstall = flag(options, 'reinstall')
  const groups = list(options, 'group')
  const extras = list(options, 'extra')
  if (files.length === 0) {
    const choice = { groups, extras, no_dev: flag(options, 'no-dev'), reinstall, keep_extraneous: false }
    return { kind: 'done', ...(await installFromProject(context, choice)) }
  }
  if (groups.length) fail(optionsExclude('--requirements', '--group'))
  if (extras.length) fail(optionsExclude('--requirements', '--extra'))
  return { kind: 'done', ...(await installFromFiles(context, files, reinstall)) }
}
