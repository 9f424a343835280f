import type { Problem } from '../model/problem.ts'
import { nearest } from './nearest.ts'

export function unknownSchema(name: string, known: string[]): Problem {
  const near = nearest(name, known)
  return {
    code: 'schema/unknown',
    message: `There is no schema \`${name}\``,
    hint: near ? `Did you mean \`pybun schema ${near}\`?` : `There are ${known.join(', ')}`,
    context: { name, known },
  }
}
