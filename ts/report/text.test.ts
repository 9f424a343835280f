import { expect, it } from 'vitest'
import type { Problem } from '../model/problem.ts'
import { problemText } from './text.ts'

it('a problem about a hostile name is lines of ours', () => {
  const name = '../\x1b]0;title\x07\x1b[2Jevil\r\u202egpj.exe\x9b\nerror[x/y]: forged'
  const problem: Problem = {
    code: 'install/path-traversal',
    message: name,
    hint: name,
    fix: { command: ['pybun', name], safety: 'safe' },
  }
  const told = problemText(problem, 'error', { colour: true, verbose: false })
  const controls = [...told].filter((letter) => letter < ' ' && letter !== '\n')
  expect(controls, 'three times colour and its end').toEqual(Array(6).fill('\x1b'))
  const starts = told.split('\n').map((line) =>
    line
      .split('\x1b')
      .map((part) => part.replace(/^\[\d+m/, ''))
      .join('')
      .slice(0, 5),
  )
  expect(starts).toEqual(['error', '  err', '  hin', '  err', '  fix', ''])
})
