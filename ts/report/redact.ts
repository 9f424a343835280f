/** The same value with the credentials of every URL in it masked. What a program printed itself is left alone. */
export function redact<T>(value: T): T {
  return walk(value, null) as T
}

export function redactText(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/)([^\s/@"'`<>]+)@/gi, '$1****@')
}

function walk(value: unknown, key: string | null): unknown {
  if (typeof value === 'string') return key === 'stdout' || key === 'stderr' ? value : redactText(value)
  if (Array.isArray(value)) return value.map((item) => walk(item, null))
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, walk(item, name)]))
  }
  return value
}
