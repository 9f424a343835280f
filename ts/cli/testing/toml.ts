import type { Problem } from '../../model/problem.ts'

export type TomlTable = { [key: string]: unknown }

/** As much TOML as the unit tests write: tables, and keys with values that are also JSON, each on one line. */
export function parseToml(text: string, path: string, refuse: (problem: Problem) => never) {
  const value: TomlTable = {}
  const positions: Record<string, { line: number; column: number }> = {}
  let table = value
  let prefix = ''
  text.split('\n').forEach((raw, index) => {
    const line = raw.replace(/#.*$/, '').trim()
    if (line === '') return
    const header = /^\[(.+)\]$/.exec(line)?.[1]
    if (header) {
      prefix = `${header}.`
      table = header.split('.').reduce<TomlTable>((at, key) => {
        at[key] ??= {}
        return at[key] as TomlTable
      }, value)
      return
    }
    const [, key = '', source = ''] = /^([\w-]+)\s*=\s*(.+)$/.exec(line) ?? []
    positions[prefix + key] = { line: index + 1, column: 1 }
    try {
      table[key] = JSON.parse(source)
    } catch {
      const context = { path, line: index + 1, column: 1 }
      refuse({ code: 'config/invalid-toml', message: `${path}:${index + 1}:1: not TOML`, context })
    }
  })
  return { value, positions }
}
