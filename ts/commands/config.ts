import type { Invocation } from '../model/invocation.ts'
import type { Outcome } from '../model/outcome.ts'
import { showConfiguration } from '../steps/config.ts'
import type { Context } from '../steps/context.ts'

export async function config(context: Context, _invocation: Invocation): Promise<Outcome> {
  const { project, settings } = await showConfiguration(context)
  const width = Math.max(...settings.map(({ key }) => key.length))
  const lines = settings.map(({ key, value, origin }) => `${key.padEnd(width)}  ${show(value)}  ${originText(origin)}`)
  return { kind: 'done', result: { project, settings }, lines }
}

function show(value: unknown): string {
  if (value === null) return '(unset)'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function originText({ kind, source }: { kind: string; source: string | null }): string {
  return source === null ? `(${kind})` : `(${kind}: ${source})`
}
