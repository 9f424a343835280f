import { expect, it } from 'vitest'
import { redact, redactText } from './redact.ts'

it.each([
  ['https://user:pass@host/simple', 'https://****@host/simple'],
  ['two https://a:b@x/ and http://c@y/', 'two https://****@x/ and http://****@y/'],
  ['git+ssh://git@host/repo@v1', 'git+ssh://****@host/repo@v1'],
  ['name @ https://host/a@b.whl', 'name @ https://host/a@b.whl'],
])('%s', (text, expected) => {
  expect(redactText(text)).toBe(expected)
})

it('reaches into values and leaves the output of programs alone', () => {
  const url = 'https://u:p@h/'
  expect(redact({ list: [{ url }], stdout: url, count: 1, none: null })).toEqual({
    list: [{ url: 'https://****@h/' }],
    stdout: url,
    count: 1,
    none: null,
  })
})
