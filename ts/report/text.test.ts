import { expect, it } from 'vitest'
import { harmlessText, problemText } from './text.ts'

it('a name in an archive cannot speak to the terminal', () => {
  const name = '../\x1b]0;title\x07\x1b[2Jevil\r\u202egpj.exe\x9b'
  expect(harmlessText(name)).toBe('../\\x1b]0;title\\x07\\x1b[2Jevil\\x0d\\u202egpj.exe\\x9b')
  const problem = { code: 'install/path-traversal', message: name, hint: name }
  const told = problemText(problem, 'error', { colour: true, verbose: false })
  const controls = [...told].filter((letter) => letter < ' ' && letter !== '\n')
  expect(controls, 'three times colour and its end').toEqual(Array(4).fill('\x1b'))
})

it('lines, tabs and letters of all kinds stay, colours of a compiler go', () => {
  expect(harmlessText('\x1b[1;31merror:\x1b[0m é\n\tüñ 日本')).toBe('error: é\n\tüñ 日本')
})
