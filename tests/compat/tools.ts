import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { python, type Sandbox } from '../cli/harness/sandbox.ts'

const execute = promisify(execFile)

export interface Answer {
  stdout: string
  stderr: string
  exit: number
}

/** Runs a program to its end, whatever its exit code. */
export async function ask(box: Sandbox, argv: string[], cwd = box.project): Promise<Answer> {
  const [file = '', ...args] = argv
  try {
    const { stdout, stderr } = await execute(file, args, { cwd, env: box.env, maxBuffer: 2 ** 26 })
    return { stdout, stderr, exit: 0 }
  } catch (error) {
    const { stdout, stderr, code } = error as { stdout?: string; stderr?: string; code?: number | string }
    if (typeof code !== 'number') throw error
    return { stdout: stdout ?? '', stderr: stderr ?? '', exit: code }
  }
}

/** The same, but a failure fails the test with everything that was printed. */
export async function must(box: Sandbox, argv: string[], cwd = box.project): Promise<string> {
  const { stdout, stderr, exit } = await ask(box, argv, cwd)
  if (exit !== 0) throw new Error(`exit ${exit}: ${argv.join(' ')}\n${stdout}${stderr}`)
  return stdout
}

/** An ordinary pip, acting on another environment. It is the interpreter's own, so nothing is installed for it. */
export function pip(environment: string, ...args: string[]): string[] {
  return [python().executable, '-m', 'pip', '--disable-pip-version-check', '--python', environment, ...args]
}

/** uv of `PYBUN_TEST_UV` or the PATH. */
export function uv(...args: string[]): string[] {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const found =
    process.env.PYBUN_TEST_UV ?? folders.map((folder) => join(folder, 'uv')).find((path) => existsSync(path))
  if (!found) throw new Error('uv is missing: put it on the PATH or name it in PYBUN_TEST_UV')
  return [found, ...args]
}
