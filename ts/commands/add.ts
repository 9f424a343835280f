import { optionsExclude } from '../errors/cli.ts'
import { fail } from '../errors/failure.ts'
import { flag, type Invocation, value } from '../model/invocation.ts'
import type { Table } from '../model/native.ts'
import type { Outcome } from '../model/outcome.ts'
import { addRequirements } from '../steps/add.ts'
import type { Context } from '../steps/context.ts'

export async function add(context: Context, invocation: Invocation): Promise<Outcome> {
  const { options, positionals } = invocation
  const place = {
    editable: flag(options, 'editable'),
    branch: value(options, 'branch'),
    tag: value(options, 'tag'),
    rev: value(options, 'rev'),
    subdirectory: value(options, 'subdirectory'),
  }
  const revisions = (['branch', 'tag', 'rev'] as const).filter((key) => place[key] !== null)
  if (revisions[0] && revisions[1]) fail(optionsExclude(`--${revisions[0]}`, `--${revisions[1]}`))
  const wish = { typed: positionals, table: tableOf(invocation), options: place }
  const { result, summary, added, manifest } = await addRequirements(context, wish)
  return {
    kind: 'done',
    result: { added, manifest, ...result },
    summary: [...(added.length ? [`Added ${added.join(', ')}`] : ['Already in pyproject.toml']), ...summary],
  }
}

/** The table that `--dev`, `--group` and `--optional` name. */
export function tableOf({ options }: Invocation): Table {
  const group = value(options, 'group')
  const extra = value(options, 'optional')
  const typed = [
    ...(flag(options, 'dev') ? ['--dev'] : []),
    ...(group === null ? [] : ['--group']),
    ...(extra === null ? [] : ['--optional']),
  ]
  if (typed[0] && typed[1]) fail(optionsExclude(typed[0], typed[1]))
  if (extra !== null) return { table: 'extra', table_name: extra }
  if (group !== null) return { table: 'group', table_name: group }
  return flag(options, 'dev') ? { table: 'group', table_name: 'dev' } : { table: 'project' }
}
