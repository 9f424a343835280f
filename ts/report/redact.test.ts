import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { redact, redactText } from './redact.ts'

const CASES = JSON.parse(readFileSync(new URL('../../tests/redaction.json', import.meta.url), 'utf8'))

it.each(CASES as [string, string][])('%s', (text, expected) => {
  expect(redactText(text)).toBe(expected)
  expect(redactText(expected), 'twice').toBe(expected)
})

it('reaches into values and leaves the output of programs alone', () => {
  const url = 'https://u:p@h/'
  expect(redact({ list: [{ url }], [url]: 1, stdout: url, count: 1, none: null })).toEqual({
    list: [{ url: 'https://****@h/' }],
    'https://****@h/': 1,
    stdout: url,
    count: 1,
    none: null,
  })
  expect(redact({ text: url, other: url }, url)).toEqual({ text: url, other: url })
})

it('takes long text in a time that grows with its length', () => {
  for (const piece of ['a', ':', 'a:', 'https://', '@', 'a:@', '?', '//', "'", '?x`'])
    redactText(`https://u:p@h https://u:p@h?${piece.repeat(50_000)}x @`)
})
