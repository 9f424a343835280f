import { badNumber } from '../errors/cli.ts'
import { fail } from '../errors/failure.ts'
import { flag, type Invocation, list, value } from '../model/invocation.ts'
import type { TreeBranch } from '../model/native.ts'
import type { Outcome } from '../model/outcome.ts'
import type { Context } from '../steps/context.ts'
import { readTree } from '../steps/graph.ts'

export async function tree(context: Context, { options }: Invocation): Promise<Outcome> {
  const result = await readTree(context, {
    depth: depthOf(value(options, 'depth')),
    invert: flag(options, 'invert'),
    packages: list(options, 'package'),
    universal: flag(options, 'universal'),
  })
  const lines: string[] = []
  for (const top of result.trees) {
    lines.push(title(top, result.project))
    addBelow(lines, top, '', result.project)
  }
  if (lines.length === 0) lines.push('The lock is empty')
  if (hasRepeated(result.trees)) lines.push('(*) shown above')
  return { kind: 'done', result, lines }
}

function depthOf(typed: string | null): number | null {
  if (typed === null) return null
  return /^\d{1,6}$/.test(typed) ? Number(typed) : fail(badNumber('--depth', typed))
}

/** Adds to one list: a list for each level would be copied once for every level above it. */
function addBelow(lines: string[], branch: TreeBranch, indent: string, project: string | null): void {
  branch.below.forEach((next, index) => {
    const last = index === branch.below.length - 1
    lines.push(`${indent}${last ? '└── ' : '├── '}${title(next, project)}`)
    addBelow(lines, next, `${indent}${last ? '    ' : '│   '}`, project)
  })
}

function title(branch: TreeBranch, project: string | null): string {
  const marker = branch.marker ? ` ; ${branch.marker}` : ''
  switch (branch.kind) {
    case 'project':
      return `${project ?? 'the project'}${marker}`
    case 'extra':
    case 'group':
      return `${branch.kind} ${branch.name}${marker}`
    case 'package': {
      const extras = branch.extras.length ? `[${branch.extras.join(',')}]` : ''
      const requirement = branch.requirement ? ` (${branch.requirement})` : ''
      const because = branch.because_of_extra ? ` (because of its extra ${branch.because_of_extra})` : ''
      const end = branch.cycle ? ' (in a circle)' : branch.repeated ? ' (*)' : branch.cut ? ' ...' : ''
      // What the project wrote has its marker in it.
      return `${branch.name}${extras} ${branch.version}${requirement}${because}${requirement ? '' : marker}${end}`
    }
  }
}

function hasRepeated(branches: TreeBranch[]): boolean {
  return branches.some((branch) => branch.repeated || hasRepeated(branch.below))
}
