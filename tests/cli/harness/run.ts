import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Place, Step } from './case.ts'
import { PYBUN, python, type Sandbox } from './sandbox.ts'

const TERMINAL = fileURLToPath(new URL('terminal.py', import.meta.url))
const TIMEOUT_MS = 60_000

export interface Ran {
  stdout: string
  stderr: string
  /** The exit code, or the name of the signal that ended the process. */
  exit: number | string
}

export interface Running {
  finished: Promise<Ran>
  /** Signals the whole process group, as a terminal does with Ctrl-C. */
  signal(name: NodeJS.Signals): void
}

/** Runs one step to its end. */
export function run(box: Sandbox, step: Step, prefix: string[] = []): Promise<Ran> {
  return start(box, step, prefix).finished
}

/** Starts one step in its own process group. `prefix` stands between `pybun` and the arguments. */
export function start(box: Sandbox, step: Step, prefix: string[] = []): Running {
  const asked = step.program ?? [PYBUN, ...prefix, ...(step.args ?? [])]
  const placed = step.place ? inPlace(box, step.place, asked) : asked
  const [file = '', ...args] = step.typed ? inTerminal(step.typed, placed) : placed
  const child = spawn(file, args, {
    cwd: join(box.project, step.cwd ?? ''),
    env: { ...box.env, ...step.env },
    stdio: [step.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    detached: true,
  })
  child.stdin?.end(step.stdin)
  const output = { stdout: '', stderr: '' }
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    output.stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    output.stderr += text
  })
  const signal = (name: NodeJS.Signals) => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, name)
  }
  const timer = setTimeout(() => {
    output.stderr += `\n(the test ended it after ${TIMEOUT_MS} ms)\n`
    signal('SIGKILL')
  }, TIMEOUT_MS)
  const finished = new Promise<Ran>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, by) => {
      clearTimeout(timer)
      resolve({ ...output, exit: code ?? by ?? 'unknown' })
    })
  })
  return { finished, signal }
}

function inTerminal(typed: { prompt: string; answer: string }[], command: string[]): string[] {
  return [python().executable, TERMINAL, JSON.stringify(typed), ...command]
}

/**
 * Wraps a command so that a directory is read-only or small for it. Root needs only a mount namespace, others a user
 * namespace too; where the system grants neither, the wrapper's own message fails the case.
 */
function inPlace(box: Sandbox, place: Place, command: string[]): string[] {
  const target = join(box.root, place.path)
  mkdirSync(target, { recursive: true })
  const unshare = ['unshare', ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']), '--mount']
  switch (place.kind) {
    case 'read-only': {
      const script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && cd "$PWD" && exec "$@"'
      return [...unshare, 'sh', '-c', script, target, ...command]
    }
    case 'small-disk': {
      const copy = `${target}.before`
      const script = [
        `cp -a "$0" "${copy}" && mount -t tmpfs -o size=${place.kibibytes}k none "$0" || exit 99`,
        `cp -a "${copy}/." "$0/" && cd "$PWD" && "$@"; code=$?`,
        `rm -rf "${copy}" && mkdir "${copy}" && cp -a "$0/." "${copy}/" && cd / && umount "$0"`,
        `rm -rf "$0"/* "$0"/.[!.]*; cp -a "${copy}/." "$0/" && rm -rf "${copy}"; exit $code`,
      ]
      return [...unshare, 'sh', '-c', script.join('\n'), target, ...command]
    }
  }
}
