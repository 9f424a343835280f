import { describe, expect, it } from 'vitest'
import { SETTINGS, type SettingKey } from './setting.ts'
import { isMoment, readValue, readWords } from './value.ts'

function spec(key: SettingKey) {
  const found = SETTINGS.find((one) => one.key === key)
  if (!found) throw new Error(key)
  return found
}

const misfits = (key: SettingKey, raw: unknown) => readValue(spec(key), raw, '/p').misfits.map(({ below }) => below)
const words = (key: SettingKey, ...typed: string[]) => readWords(spec(key), typed, '/p').value

describe('a point in time', () => {
  it.each([
    '2025-01-31',
    '2024-02-29',
    '2025-01-31T12:00:00Z',
    '2025-01-31 12:00:00+02:00',
    '7 days',
    '1 week',
    '24hours',
    'P7D',
    'PT12H30M',
  ])('%s', (text) => expect(isMoment(text)).toBe(true))

  it.each([
    '',
    'yesterday',
    '2025-02-30',
    '2025-13-01',
    '2025-01-31T12:00:00',
    '2025-01-31T25:00:00Z',
    '7',
    '-7 days',
    '7 months',
    'P',
    'PT',
    'P1M',
  ])('not `%s`', (text) => expect(isMoment(text)).toBe(false))
})

it('a wrong value is told with the place in it', () => {
  const url = 'https://a.example/'
  expect(misfits('index', [{ name: 'a', url }, { url }])).toEqual(['[1]'])
  expect(misfits('index', [{ name: 'a', url: 1 }])).toEqual(['[0].url'])
  expect(misfits('index', [{ name: 'a b', url }])).toEqual(['[0].name'])
  expect(misfits('index', [{ name: 'a', url, explicit: true, default: true }])).toEqual(['[0].explicit'])
  const twice = [
    { name: 'a', url, default: true },
    { name: 'a', url, default: true },
  ]
  expect(misfits('index', twice)).toEqual(['[1].name', '[1].default'])
  expect(misfits('index', [{ name: 'a', url, verify: false }])).toEqual(['[0].verify'])
  expect(misfits('sources', { a: { git: 'https://a.example/a', tag: 'v1', rev: 'x' } })).toEqual(['.a.rev'])
  expect(misfits('sources', { a: { index: 'x', url } })).toEqual(['.a'])
  expect(misfits('sources', { a: { url, tag: 'v1' } })).toEqual(['.a.tag'])
  expect(misfits('sources', { a: { git: url, editable: true } })).toEqual(['.a.editable'])
  expect(misfits('sources', { 'a b': { url } })).toEqual(['.a b'])
  expect(misfits('conflicts', [[{ extra: 'a' }], [{ extra: 'a' }, { extra: 'b', group: 'c' }]])).toEqual([
    '[0]',
    '[1][1]',
  ])
  expect(misfits('excludes', ['ok', '>=1'])).toEqual(['[1]'])
  expect(misfits('only-binary', [':all:', ':some:'])).toEqual(['[1]'])
})

it('paths are meant from the file, URLs stand for themselves', () => {
  const read = readValue(spec('find-links'), ['wheels', 'https://a.example/x.html', '/abs'], '/p')
  expect(read.value).toEqual(['/p/wheels', 'https://a.example/x.html', '/abs'])
  expect(readValue(spec('sources'), { a: { path: '../a', editable: true } }, '/p').value).toEqual({
    a: { path: '/a', editable: true },
  })
})

it('words of an option', () => {
  const flags = { explicit: false, default: false }
  expect(words('index', 'corp=https://me:x=y@corp.example/simple', 'https://b.example/?a=b', 'simple')).toEqual([
    { name: 'corp', url: 'https://me:x=y@corp.example/simple', ...flags },
    { name: null, url: 'https://b.example/?a=b', ...flags },
    { name: null, url: '/p/simple', ...flags },
  ])
  expect(words('only-binary', 'numpy,scipy', ':all:')).toEqual(['numpy', 'scipy', ':all:'])
})
