import { resolve } from 'node:path'
import type { ConflictItem, IndexSetting, SourceSetting } from '../model/native.ts'
import type { SettingSpec, SettingType, SettingValue } from './setting.ts'

/** What is wrong with a value: where in it (`[1].url`, empty for all of it), and what is expected there. */
export interface Misfit {
  below: string
  expected: string
}

export type Read = { value: SettingValue; misfits: [] } | { value: null; misfits: Misfit[] }

/** A value as a file states it. Relative paths are meant from `from`. */
export function readValue(spec: SettingSpec, raw: unknown, from: string): Read {
  const misfits = misfitsOf(spec, raw)
  return misfits.length ? { value: null, misfits } : { value: placed(spec.type, shaped(spec, raw), from), misfits: [] }
}

/** A value as an option or a variable states it: words for lists, `name=url` for indexes. */
export function readWords(spec: SettingSpec, words: string[], from: string): Read {
  switch (spec.type) {
    case 'indexes':
      return readValue(spec, words.map(indexOf), from)
    case 'selection':
      return readValue(spec, words.flatMap((word) => word.split(',')).filter(Boolean), from)
    default:
      return readValue(spec, words, from)
  }
}

export function expected(spec: SettingSpec): string {
  switch (spec.type) {
    case 'boolean':
      return 'true or false'
    case 'strings':
      return 'a list of strings'
    case 'requirements':
      return 'a list of requirements, as in "urllib3<2"'
    case 'markers':
      return 'a list of markers, as in "sys_platform == \'linux\'"'
    case 'names':
      return 'a list of package names'
    case 'selection':
      return 'a list of package names, or [":all:"]'
    case 'places':
      return 'a list of directories and URLs'
    case 'directories':
      return 'a list of directories'
    case 'choice':
      return `${spec.booleans ? 'true, false or ' : ''}one of ${(spec.choices ?? []).join(', ')}`
    case 'moment':
      return 'a date (2025-01-31), a point in time (2025-01-31T12:00:00Z) or a duration (7 days)'
    case 'indexes':
      return 'tables with `name` and `url`, or NAME=URL'
    case 'sources':
      return 'a table of packages, each with one of `index`, `git`, `path` and `url`'
    case 'conflicts':
      return 'a list of lists, as in [[{ extra = "cpu" }, { extra = "gpu" }]]'
    case 'string':
    case 'path':
      return 'a string'
  }
}

/** Durations are of one unit, or in the form of ISO 8601 in weeks, days, hours and minutes. */
export function isMoment(text: string): boolean {
  const duration = /^(\d{1,6} ?(minute|hour|day|week)s?|P(?=[\dT])(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?)?)$/i
  if (duration.test(text)) return true
  const time = '[01]\\d|2[0-3]'
  const zone = `[Zz]|[+-](${time}):[0-5]\\d`
  const point = new RegExp(`^(\\d{4})-(\\d\\d)-(\\d\\d)([Tt ](${time}):[0-5]\\d:[0-5]\\d(\\.\\d{1,9})?(${zone}))?$`)
  const [year = 0, month = 0, day = 0] = (point.exec(text) ?? []).slice(1, 4).map(Number)
  const february = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  const days = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0
  return day >= 1 && day <= days
}

function misfitsOf(spec: SettingSpec, raw: unknown): Misfit[] {
  const whole = [{ below: '', expected: expected(spec) }]
  switch (spec.type) {
    case 'boolean':
      return typeof raw === 'boolean' ? [] : whole
    case 'string':
    case 'path':
      return typeof raw === 'string' ? [] : whole
    case 'choice':
      return (typeof raw === 'string' && (spec.choices ?? []).includes(raw)) ||
        (typeof raw === 'boolean' && spec.booleans)
        ? []
        : whole
    case 'moment':
      return typeof raw === 'string' && isMoment(raw) ? [] : whole
    case 'strings':
    case 'requirements':
    case 'markers':
    case 'places':
    case 'directories':
      return Array.isArray(raw) && raw.every((item) => typeof item === 'string') ? [] : whole
    case 'names':
      return everyItem(raw, whole, (item) => typeof item === 'string' && NAME.test(item), 'a package name')
    case 'selection':
      return everyItem(
        raw,
        whole,
        (item) => typeof item === 'string' && (NAME.test(item) || item === ':all:' || item === ':none:'),
        'a package name, `:all:` or `:none:`',
      )
    case 'indexes':
      return Array.isArray(raw)
        ? [...raw.flatMap((item, at) => indexMisfits(item, `[${at}]`)), ...repetitions(raw.filter(isTable))]
        : whole
    case 'sources':
      return isTable(raw) ? Object.entries(raw).flatMap(([name, item]) => sourceMisfits(name, item)) : whole
    case 'conflicts':
      return Array.isArray(raw) ? raw.flatMap((item, at) => conflictMisfits(item, `[${at}]`)) : whole
  }
}

const NAME = /^[A-Za-z0-9]([\w.-]*[A-Za-z0-9])?$/

function everyItem(raw: unknown, whole: Misfit[], fits: (item: unknown) => boolean, expected: string): Misfit[] {
  if (!Array.isArray(raw)) return whole
  return raw.flatMap((item, at) => (fits(item) ? [] : [{ below: `[${at}]`, expected }]))
}

function indexMisfits(raw: unknown, below: string): Misfit[] {
  if (!isTable(raw)) return [{ below, expected: 'a table with `name` and `url`, or NAME=URL' }]
  const { name, ...unnamed } = raw
  const types = { name: 'string', url: 'string', explicit: 'boolean', default: 'boolean' }
  const misfits = keyMisfits(name === null ? unnamed : raw, types, below)
  if (raw.url === undefined) misfits.push({ below, expected: 'a table with `url`' })
  if (name === undefined) misfits.push({ below, expected: 'a table with `name`' })
  if (typeof name === 'string' && !NAME.test(name))
    misfits.push({ below: `${below}.name`, expected: 'letters, digits, `-`, `_` and `.`' })
  if (raw.explicit === true && raw.default === true)
    misfits.push({ below: `${below}.explicit`, expected: 'false, since the index is also `default`' })
  return misfits
}

/** Within one list, a name means one index and one index is the default. */
function repetitions(tables: Record<string, unknown>[]): Misfit[] {
  return tables.flatMap((table, at) => {
    const before = tables.slice(0, at)
    const again = table.name !== null && before.some(({ name }) => name === table.name)
    const second = table.default === true && before.some((other) => other.default === true)
    return [
      ...(again ? [{ below: `[${at}].name`, expected: 'another name: an index above has this one' }] : []),
      ...(second ? [{ below: `[${at}].default`, expected: 'left out: an index above is the default' }] : []),
    ]
  })
}

function sourceMisfits(name: string, raw: unknown): Misfit[] {
  const below = `.${name}`
  if (!NAME.test(name)) return [{ below, expected: 'below a package name' }]
  if (!isTable(raw)) return [{ below, expected: 'a table with one of `index`, `git`, `path` and `url`' }]
  const strings = ['index', 'git', 'path', 'url', 'tag', 'branch', 'rev', 'subdirectory'].map((key) => [key, 'string'])
  const misfits = keyMisfits(raw, { ...Object.fromEntries(strings), editable: 'boolean' }, below)
  const kinds = ['index', 'git', 'path', 'url'].filter((key) => raw[key] !== undefined)
  if (kinds.length !== 1)
    misfits.push({ below, expected: 'a table with exactly one of `index`, `git`, `path` and `url`' })
  const [kind] = kinds
  const refs = ['tag', 'branch', 'rev'].filter((key) => raw[key] !== undefined)
  if (refs.length > 1)
    misfits.push({ below: `${below}.${refs[1]}`, expected: `left out, since \`${refs[0]}\` is there` })
  else if (refs.length && kind !== 'git') misfits.push({ below: `${below}.${refs[0]}`, expected: 'beside `git` only' })
  if (raw.subdirectory !== undefined && kind === 'index')
    misfits.push({ below: `${below}.subdirectory`, expected: 'beside `git`, `path` or `url` only' })
  if (raw.editable !== undefined && kind !== 'path')
    misfits.push({ below: `${below}.editable`, expected: 'beside `path` only' })
  return misfits
}

function conflictMisfits(raw: unknown, below: string): Misfit[] {
  if (!Array.isArray(raw) || raw.length < 2) return [{ below, expected: 'a list of at least two extras or groups' }]
  return raw.flatMap((item, at) => {
    const keys = isTable(item) ? Object.keys(item) : []
    const [key] = keys
    const fits = isTable(item) && keys.length === 1 && (key === 'extra' || key === 'group') && isName(item[key])
    return fits ? [] : [{ below: `${below}[${at}]`, expected: '{ extra = "name" } or { group = "name" }' }]
  })
}

function keyMisfits(raw: Record<string, unknown>, types: Record<string, string>, below: string): Misfit[] {
  return Object.entries(raw).flatMap(([key, value]) => {
    const type = types[key]
    const at = `${below}.${key}`
    if (!type) return [{ below: at, expected: `one of the keys ${Object.keys(types).join(', ')}` }]
    return typeof value === type ? [] : [{ below: at, expected: type === 'boolean' ? 'true or false' : 'a string' }]
  })
}

function isTable(raw: unknown): raw is Record<string, unknown> {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw)
}

function isName(raw: unknown): boolean {
  return typeof raw === 'string' && NAME.test(raw)
}

function indexOf(word: string): unknown {
  const found = /^([^=:/\\]+)=(.+)$/.exec(word)
  return found ? { name: found[1], url: found[2] } : { name: null, url: word }
}

/** The checked value with its defaults. */
function shaped(spec: SettingSpec, raw: unknown): SettingValue {
  if (typeof raw === 'boolean' && spec.booleans) return spec.booleans[`${raw}`]
  if (spec.type !== 'indexes') return raw as SettingValue
  return (raw as Partial<IndexSetting>[]).map(({ name, url, ...flags }) => ({
    name: name ?? null,
    url: url ?? '',
    explicit: flags.explicit ?? false,
    default: flags.default ?? false,
  }))
}

function placed(type: SettingType, value: SettingValue, from: string): SettingValue {
  switch (type) {
    case 'path':
      return resolve(from, value as string)
    case 'places':
      return (value as string[]).map((place) => placeOf(place, from))
    case 'directories':
      return (value as string[]).map((path) => (path === '*' ? path : resolve(from, path)))
    case 'indexes':
      return (value as IndexSetting[]).map((index) => ({ ...index, url: placeOf(index.url, from) }))
    case 'sources': {
      const entries = Object.entries(value as Record<string, SourceSetting>)
      return Object.fromEntries(
        entries.map(([name, { path, ...rest }]) => [
          name,
          path === undefined ? rest : { path: resolve(from, path), ...rest },
        ]),
      )
    }
    case 'moment':
      return (value as string).trim()
    default:
      return value as SettingValue | ConflictItem[][]
  }
}

function placeOf(text: string, from: string): string {
  return text.includes('://') ? text : resolve(from, text)
}
