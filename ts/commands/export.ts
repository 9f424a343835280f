import { missingOption } from '../errors/cli.ts'
import { fail } from '../errors/failure.ts'
import { flag, type Invocation, list, value } from '../model/invocation.ts'
import type { Outcome } from '../model/outcome.ts'
import type { Context } from '../steps/context.ts'
import { type ExportFormat, exportProject } from '../steps/export.ts'
import { exportSpec } from './specs/export.ts'
import { usage } from './table.ts'

export async function exportLock(context: Context, { options }: Invocation): Promise<Outcome> {
  const to = (value(options, 'to') ?? fail(missingOption('export', '--to FORMAT', usage(exportSpec)))) as ExportFormat
  const { path, text, shown } = await exportProject(context, {
    to,
    output: value(options, 'output'),
    hashes: !flag(options, 'no-hashes'),
    choice: {
      groups: list(options, 'group'),
      extras: list(options, 'extra'),
      no_dev: flag(options, 'no-dev'),
      reinstall: false,
      keep_extraneous: false,
    },
  })
  if (path === null) return { kind: 'done', result: { to, path, text }, document: text }
  return { kind: 'done', result: { to, path, text: null }, summary: [`Wrote ${shown}`] }
}
