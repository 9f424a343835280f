import { expect, test } from 'vitest'
import type { Requirement } from '../model/native.ts'
import { withLowerBounds } from './edit.ts'

test('the bound admits every version of the lock, as PEP 440 orders them', () => {
  const requirement: Requirement = { name: 'a', extras: [], specifier: '', url: null, marker: null }
  const bound = (...versions: string[]) =>
    withLowerBounds(
      [{ text: 'A', requirement }],
      ['a', 'b'].flatMap((name) => versions.map((version) => ({ name, version }))),
    ).map(({ text }) => text)
  expect(bound('2.0rc1', '2.0')).toEqual(['A>=2.0rc1'])
  expect(bound('2.0', '1!0.5')).toEqual(['A>=2.0'])
  expect(bound('2.1+cpu', '10.0')).toEqual(['A>=2.1'])
})
