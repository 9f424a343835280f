import type { Invocation } from '../model/invocation.ts'
import type { WhyChains } from '../model/native.ts'
import type { Outcome } from '../model/outcome.ts'
import type { Context } from '../steps/context.ts'
import { readWhy } from '../steps/graph.ts'

export async function why(context: Context, { positionals }: Invocation): Promise<Outcome> {
  const { name, versions, chains, more } = await readWhy(context, positionals[0] ?? '')
  const lines = [`${name} ${versions.join(', ')}`, ...chains.map(chainLine)]
  if (chains.length === 0) lines.push('  Nothing in the lock leads to it')
  if (more) lines.push(`  There are more than ${chains.length} chains; these are the shortest`)
  return { kind: 'done', result: { name, versions, chains, more }, lines }
}

function chainLine({ root, requirement, steps }: WhyChains['chains'][number]): string {
  const who = root.kind === 'project' ? 'the project' : `${root.kind} ${root.name}`
  const further = steps.map((step, index) => {
    const extras = step.extras.length ? `[${step.extras.join(',')}]` : ''
    const because = step.because_of_extra ? ` (because of its extra ${step.because_of_extra})` : ''
    // The first is what the requirement came to, and the requirement tells its marker.
    const marker = step.marker && index > 0 ? ` ; ${step.marker}` : ''
    return `${step.name}${extras} ${step.version}${because}${marker}`
  })
  return `  ${who} (${requirement}) > ${further.join(' > ')}`
}
