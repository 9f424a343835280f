import { expect, it } from 'vitest'
import { nearest } from './nearest.ts'

it.each([
  ['instal', ['init', 'install'], 'install'],
  ['nit', ['init', 'install'], 'init'],
  ['urn', ['run', 'x'], 'run'],
  ['deploy', ['init', 'install', 'run'], null],
  ['', ['x'], 'x'],
])('%j', (word, candidates, expected) => {
  expect(nearest(word, candidates)).toBe(expected)
})
