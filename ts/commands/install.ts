import { optionsExclude } from '../errors/cli.ts'
import { fail } from '../errors/failure.ts'
import { flag, type Invocation, list, type Options, value } from '../model/invocation.ts'
import type { Outcome } from '../model/outcome.ts'
import type { Context } from '../steps/context.ts'
import { type InstallWish, installFromFiles, installFromProject } from '../steps/install.ts'

export async function install(context: Context, { options }: Invocation): Promise<Outcome> {
  const files = list(options, 'requirements')
  const wish = wishOf(options)
  if (files.length === 0) return { kind: 'done', ...(await installFromProject(context, wish)) }
  for (const name of ['group', 'extra', 'only-group']) {
    if (list(options, name).length) fail(optionsExclude('--requirements', `--${name}`))
  }
  return { kind: 'done', ...(await installFromFiles(context, files, wish)) }
}

function wishOf(options: Options): InstallWish {
  const only_groups = list(options, 'only-group')
  for (const name of ['group', 'extra']) {
    if (only_groups.length && list(options, name).length) fail(optionsExclude('--only-group', `--${name}`))
  }
  return {
    groups: list(options, 'group'),
    extras: list(options, 'extra'),
    only_groups,
    no_dev: flag(options, 'no-dev'),
    reinstall: flag(options, 'reinstall'),
    verify: flag(options, 'verify'),
    require_hashes: flag(options, 'require-hashes'),
    target: value(options, 'target'),
    dry_run: flag(options, 'dry-run'),
  }
}
