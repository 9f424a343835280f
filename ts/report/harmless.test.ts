import { expect, it } from 'vitest'
import { harmlessJson, harmlessLine, harmlessText } from './harmless.ts'

it('a name in an archive cannot speak to the terminal', () => {
  const name = '../\x1b]0;title\x07\x1b[2Jevil\r\n\u202egpj.exe\x9b\u2028'
  expect(harmlessLine(name)).toBe('../\\x1b]0;title\\x07\\x1b[2Jevil\\x0d\\x0a\\u202egpj.exe\\u009b\\u2028')
})

it('colours of others go and their letters stay', () => {
  expect(harmlessText('\x1b[1;31merror:\x1b[0m é\n\tüñ 日本')).toBe('error: é\n\tüñ 日本')
})

it('no further line of a message looks like the first of one', () => {
  expect(harmlessText('no file `a\nerror[x/y]: b`:\n  c\n\n\r  d')).toBe(
    'no file `a\n  error[x/y]: b`:\n  c\n\n  \\x0d  d',
  )
})

it('JSON means the same', () => {
  const value = { 'a\u2028': 'b\x9b\x7f\u202e\n\x1b' }
  const json = harmlessJson(JSON.stringify(value, null, 2))
  expect(json).toMatch(/^[\n -~]*$/)
  expect(JSON.parse(json)).toEqual(value)
})
