import { expect, it } from 'vitest'
import { problemText } from './text.ts'

it('a problem about a hostile name is lines of ours', () => {
  const name = '../\x1b]0;title\x07\x1b[2Jevil\r\u202egpj.exe\x9b\nerror[x/y]: forged'
  const fix = { command: ['pybun', 'add', name], safety: 'safe' } as const
  const problem = { code: 'install/path-traversal', message: name, hint: name, fix }
  const told = problemText(problem, 'error', { colour: true, verbose: false })
  const controls = [...told].filter((letter) => letter < ' ' && letter !== '\n')
  expect(controls, 'three times colour and its end').toEqual(Array(6).fill('\x1b'))
  const starts = told.split('\n').map((line) => line.replaceAll(/\x1b\[\d+m/g, '').slice(0, 5))
  expect(starts).toEqual(['error', '  err', '  hin', '  err', '  fix', ''])
})
