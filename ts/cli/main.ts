import { isatty } from 'node:tty'
import { crash } from '../errors/cli.ts'
import { loadAddon } from '../native/load.ts'
import type { Sink } from '../report/report.ts'
import { problemText } from '../report/text.ts'
import { realSystem } from '../system/real.ts'
import { run } from './run.ts'

/** The front door of the command line: builds the outside, runs, leaves. */
export async function main(argv: readonly string[] = process.argv.slice(2)): Promise<never> {
  const system = realSystem()
  const streams = openStreams()
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(name, () => stop.abort())
  }
  const exit_code = await run(argv, {
    system,
    sink: sinkOf(streams),
    loadAddon: () => loadAddon(system.env),
    signal: stop.signal,
  })
  return leave(exit_code, streams)
}

/** The addon's threads may still be at work, so that nobody waits for the event loop to run dry. */
async function leave(exit_code: number, streams: Streams): Promise<never> {
  await streams.flush()
  process.exit(exit_code)
}

type Streams = ReturnType<typeof openStreams>

/** Each stream is made at its first use: a start feels every one of them. */
function openStreams() {
  const open = new Map<'stdout' | 'stderr', NodeJS.WriteStream>()
  const stream = (name: 'stdout' | 'stderr') => {
    const known = open.get(name)
    if (known) return known
    const made = process[name]
    // A reader that has seen enough, like `head`, is no failure.
    made.on('error', () => process.exit(0))
    open.set(name, made)
    return made
  }
  return {
    stream,
    flush: () => Promise.all([...open.values()].map((made) => new Promise((done) => made.write('', done)))),
  }
}

function sinkOf({ stream }: Streams): Sink {
  const { env } = process
  const err_is_terminal = isatty(2)
  return {
    out: (text) => stream('stdout').write(text),
    err: (text) => stream('stderr').write(text),
    err_is_terminal,
    get columns() {
      return stream('stderr').columns || 80
    },
    colour: !env.NO_COLOR && env.TERM !== 'dumb' && err_is_terminal,
    now_ms: () => performance.now(),
  }
}

// Reached only when reporting itself is broken.
main().catch((error) => {
  process.stderr.write(problemText(crash(error), 'error', { colour: false, verbose: true }))
  process.exit(70)
})
