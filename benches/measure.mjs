/** The other end of measure.py. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const SCRIPT = fileURLToPath(new URL('measure.py', import.meta.url))

/** @param {string} python */
export function startMeasuring(python) {
  const child = spawn(python, ['-S', '-E', SCRIPT], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    /** Runs one command to its end, and waits until no process holds the file `held`; a failure of the command is an error with its output. */
    async run(argv, { env, cwd, held }) {
      child.stdin.write(`${JSON.stringify({ argv, env, cwd, held })}\n`)
      const { value } = await lines.next()
      const result = JSON.parse(value)
      if (result.exit !== 0) throw new Error(`exit ${result.exit}: ${argv.join(' ')} (in ${cwd})\n${result.output}`)
      return result
    },
    stop: () => child.stdin.end(),
  }
}
