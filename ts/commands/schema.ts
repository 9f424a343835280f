import { fail } from '../errors/failure.ts'
import { unknownSchema } from '../errors/schema.ts'
import type { Invocation } from '../model/invocation.ts'
import type { Outcome } from '../model/outcome.ts'
import type { Context } from '../steps/context.ts'
import { SCHEMAS } from './schemas.ts'
import { COMMANDS } from './table.ts'

export async function schema(_context: Context, { positionals }: Invocation): Promise<Outcome> {
  const name = positionals[0]
  if (name === undefined) return overview()
  const found = SCHEMAS[name] ?? fail(unknownSchema(name, Object.keys(SCHEMAS)))
  return { kind: 'done', result: { name, schema: found }, document: `${JSON.stringify(found, null, 2)}\n` }
}

function overview(): Outcome {
  const commands = COMMANDS.map(({ name, summary, maturity }) => ({ name, summary, maturity }))
  const schemas = Object.keys(SCHEMAS)
  const lines = [
    'Commands and how mature they are:',
    ...commands.map(({ name, summary, maturity }) => `  ${name.padEnd(11)} ${maturity.padEnd(8)} ${summary}`),
    '',
    `Schemas: ${schemas.join(', ')}`,
    '`pybun schema NAME` shows one',
  ]
  return { kind: 'done', result: { commands, schemas }, lines }
}
