import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Every file of the repository, as git knows them or would, but for ignored ones. */
export function repositoryFiles(...under: string[]): string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '-z', '--', ...under]
  const listed = execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 26 })
  return [...new Set(listed.split('\0'))].filter((path) => path !== '' && existsSync(ROOT + path)).sort()
}

/** The text of a file, or `null` when it is binary. */
export function textOf(path: string): string | null {
  const bytes = readFileSync(ROOT + path)
  return bytes.subarray(0, 8000).includes(0) ? null : bytes.toString('utf8')
}
