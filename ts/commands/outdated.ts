import { flag, type Invocation, list } from '../model/invocation.ts'
import type { Outdated } from '../model/native.ts'
import type { Outcome } from '../model/outcome.ts'
import type { Context } from '../steps/context.ts'
import { findOutdated } from '../steps/outdated.ts'

export async function outdated(context: Context, { options, positionals }: Invocation): Promise<Outcome> {
  const packages = await findOutdated(context, {
    names: positionals,
    all: flag(options, 'all'),
    groups: list(options, 'group'),
    extras: list(options, 'extra'),
  })
  return { kind: 'done', result: { packages }, lines: packages.length ? table(packages) : ['Nothing is outdated'] }
}

function table(packages: Outdated[]): string[] {
  const rows = [['package', 'current', 'in range', 'newest', 'required by', ''], ...packages.map(row)]
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0))) ?? []
  const lines = rows.map((cells) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
  return lines.map((line) => line.trimEnd())
}

function row({ name, current, in_range, newest, required_by, yanked, status, held_back_by }: Outdated): string[] {
  const roots = required_by.map((root) => (root.kind === 'project' ? 'project' : `${root.kind} ${root.name}`))
  const notes = [
    ...(yanked === null ? [] : [`withdrawn${yanked ? `: ${yanked}` : ''}`]),
    ...(status === null ? [] : [status]),
    ...held_back_by.map((holder) => `held back by ${holderText(holder)}`),
  ]
  const moved = in_range.join(', ') || '(not needed)'
  return [name, current.join(', '), moved, newest, roots.join(', ') || '(others)', notes.join('; ')]
}

function holderText({ kind, name, version, requirement }: Outdated['held_back_by'][number]): string {
  switch (kind) {
    case 'project':
      return `${requirement} in the project`
    case 'extra':
    case 'group':
      return `${requirement} in the ${kind} ${name}`
    case 'package':
      return `${name} ${version}, which requires ${requirement}`
    case 'constraint':
    case 'override':
      return `the ${kind} ${requirement}`
    case 'python':
      return `the project's Python ${version}: it needs ${requirement}`
  }
}
