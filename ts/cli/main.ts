import { crash } from '../errors/cli.ts'
import { loadAddon } from '../native/load.ts'
import type { Sink } from '../report/report.ts'
import { problemText } from '../report/text.ts'
import { removeTemporaryFiles } from '../system/files.ts'
import { realSystem } from '../system/real.ts'
import { run } from './run.ts'

/** The front door of the command line: builds the outside, runs, leaves. */
export async function main(argv: readonly string[] = process.argv.slice(2)): Promise<never> {
  const system = realSystem()
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(name, () => {
      removeTemporaryFiles()
      stop.abort()
    })
  }
  // A reader that has seen enough, like `head`, is no failure.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => process.exit(0))
  const exit_code = await run(argv, {
    system,
    sink: sink(),
    loadAddon: () => loadAddon(system.env),
    signal: stop.signal,
  })
  return leave(exit_code)
}

/** The addon's threads may still be at work, so nobody waits for the event loop to run dry. */
async function leave(exit_code: number): Promise<never> {
  await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write('', done))))
  removeTemporaryFiles()
  process.exit(exit_code)
}

function sink(): Sink {
  const { env, stdout, stderr } = process
  return {
    out: (text) => stdout.write(text),
    err: (text) => stderr.write(text),
    err_is_terminal: stderr.isTTY === true,
    columns: stderr.columns || 80,
    colour: !env.NO_COLOR && env.TERM !== 'dumb' && stderr.isTTY === true,
    now_ms: () => performance.now(),
  }
}

// Reached only when reporting itself is broken.
main().catch((error) => {
  process.stderr.write(problemText(crash(error), 'error', { colour: false, verbose: true }))
  process.exit(70)
})
