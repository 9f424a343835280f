import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { expect } from 'vitest'
import type { Ran } from './run.ts'

const SCHEMAS = new URL('../../../schemas/', import.meta.url)
let validators: Map<string, ValidateFunction> | null = null

/** stdout is exactly one envelope, it satisfies the schemas, and it says what the process did. */
export function checkEnvelope(ran: Ran, args: string[]): Record<string, unknown> {
  const envelope = JSON.parse(ran.stdout)
  const about = `${args.join(' ')}\n${ran.stdout}\n${ran.stderr}`
  expect(envelope.exit_code, about).toBe(ran.exit)
  const schemas = load()
  const validate = schemas.get('envelope')
  expect(validate, 'schemas/envelope.json is missing').toBeDefined()
  expect([validate?.(envelope), validate?.errors], about).toEqual([true, null])
  const result = schemas.get(`results/${envelope.command}`)
  if (result && envelope.result !== null) expect([result(envelope.result), result.errors], about).toEqual([true, null])
  for (const { context } of envelope.diagnostics as { context?: Record<string, unknown> }[]) {
    const conflict = schemas.get('conflict')
    if (context?.conflict) expect([conflict?.(context.conflict), conflict?.errors], about).toEqual([true, null])
  }
  return envelope
}

function load(): Map<string, ValidateFunction> {
  if (validators) return validators
  const ajv = new Ajv2020({ allErrors: true, strict: false })
  const files = readdirSync(SCHEMAS, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'))
  const schemas = files.map((name) => ({
    name: name.replace(/(\.schema)?\.json$/, ''),
    schema: JSON.parse(readFileSync(new URL(name, SCHEMAS), 'utf8')),
  }))
  for (const { schema } of schemas) ajv.addSchema(schema)
  const pairs = schemas.map(({ name, schema }): [string, ValidateFunction] => [
    name.includes('/') ? name : basename(name),
    ajv.getSchema(schema.$id) ?? ajv.compile(schema),
  ])
  validators = new Map(pairs)
  return validators
}
