import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, relative } from 'node:path'
import { expect, it } from 'vitest'
import { Failure } from '../errors/failure.ts'
import { processes } from './processes.ts'
import { absoluteDirectories, findProgram } from './programs.ts'

it('looks programs up in absolute directories alone, and so do the programs', async () => {
  const root = mkdtempSync(join(tmpdir(), 'pybun-programs-'))
  const path = process.env.PATH
  try {
    for (const [directory, mode] of [
      ['plain', 0o644],
      ['right', 0o755],
    ] as const) {
      mkdirSync(join(root, directory))
      writeFileSync(join(root, directory, 'tool'), '#!/bin/sh\necho "$PATH"\n')
      chmodSync(join(root, directory, 'tool'), mode)
    }
    mkdirSync(join(root, 'directory', 'tool'), { recursive: true })
    const right = join(root, 'right')
    const tool = { program: 'tool', args: [], env: {} }
    const { signal } = new AbortController()
    for (const odd of ['', '.', './bin', relative(process.cwd(), right)]) {
      expect(findProgram('tool', [odd, join(root, 'plain'), join(root, 'directory'), right].join(delimiter))).toBe(
        join(right, 'tool'),
      )
      expect(findProgram('tool', odd), odd).toBe(null)
      expect(findProgram('tool', right, right), 'in the active environment').toBe(null)
      expect(findProgram('tool', right, `${right}er`)).toBe(join(right, 'tool'))
      expect(absoluteDirectories([odd, right, odd].join(delimiter))).toEqual([right])
      process.env.PATH = [odd, right].join(delimiter)
      expect((await processes.capture(tool, 1000, signal)).stdout, odd).toBe(`${right}\n`)
      process.env.PATH = odd
      await expect(processes.capture(tool, 1000, signal)).rejects.toThrow(Failure)
    }
  } finally {
    process.env.PATH = path
    rmSync(root, { recursive: true })
  }
})
