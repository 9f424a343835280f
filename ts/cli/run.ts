import { COMMON_OPTIONS } from '../commands/table.ts'
import { interrupted, missingCommand } from '../errors/cli.ts'
import { wrongVariable } from '../errors/config.ts'
import { fail } from '../errors/failure.ts'
import { flag, type Options, value } from '../model/invocation.ts'
import type { Outcome, Program } from '../model/outcome.ts'
import { type Addon, connect } from '../native/connect.ts'
import type { Native } from '../native/native.ts'
import { createReport, type ProgressWhen, type Sink } from '../report/report.ts'
import { failed, type Settled, settle } from '../report/settle.ts'
import type { System } from '../system/system.ts'
import { dispatch } from './dispatch.ts'
import { help } from './help.ts'
import { type Parsed, parse } from './parse.ts'
import { VERSION } from './version.ts'

/** Everything outside of a run, so that a test may be all of it. */
export interface Outside {
  system: System
  sink: Sink
  loadAddon(): Promise<Addon>
  /** Aborted by Ctrl-C. */
  signal: AbortSignal
}

/** One run of the command line, from the argument vector to the exit code. */
export async function run(argv: readonly string[], outside: Outside): Promise<number> {
  const { system, sink, signal } = outside
  const options: Options = {}
  let parsed: Parsed | null = null
  const usage = await settle(async () => {
    parsed = parse(argv, options)
    readFormat(options, system)
    return { kind: 'done', result: {} }
  })
  const style = {
    format: formatOf(argv, options, system, usage),
    quiet: flag(options, 'quiet'),
    verbose: flag(options, 'verbose'),
  } as const
  const report = createReport(sink, style)
  report.progress(earlyProgress(options))
  const command = commandOf(parsed, argv)
  if (usage.kind === 'failed' || !parsed) return report.end(usage, command)

  const native = connect(outside.loadAddon, report.warn)
  const first = await Promise.race([
    settle(() => perform(parsed as Parsed)).then((ended) => unlessInterrupted(ended, signal)),
    new Promise<Settled>((resolve) => {
      const stop = () => resolve(failed([interrupted()]))
      if (signal.aborted) stop()
      else signal.addEventListener('abort', stop, { once: true })
    }),
  ])
  const settled = first.kind === 'failed' && (await wasInterrupted(signal)) ? failed([interrupted()]) : first
  if (settled.kind === 'outcome' && settled.outcome.kind === 'handover') {
    report.clear()
    const { program } = settled.outcome
    const ended = await settle(async () => ({
      kind: 'done',
      result: {},
      exit_code: await handOver(system, native, program),
    }))
    return report.end(ended, command)
  }
  return report.end(settled, command)

  async function perform(wish: Parsed): Promise<Outcome> {
    switch (wish.kind) {
      case 'help':
        return wish.asked ? help(wish.spec, VERSION) : fail(missingCommand())
      case 'version':
        return { kind: 'done', result: { version: VERSION }, lines: [`pybun ${VERSION}`] }
      case 'invocation': {
        const { emit, warn, progress } = report
        const context = { system, native, options, format: style.format, emit, warn, progress, signal }
        return dispatch(context, wish.invocation)
      }
    }
  }
}

/**
 * Ctrl-C reaches children too, and their failure may be seen before it. Signals arrive when the event loop polls, which
 * lies between two immediates.
 */
async function wasInterrupted(signal: AbortSignal): Promise<boolean> {
  for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  return signal.aborted
}

/**
 * Ctrl-C reaches the programs that we asked, too, and their failure may be known before the signal is: a turn of the
 * event loop later it is clear what failed.
 */
async function unlessInterrupted(settled: Settled, signal: AbortSignal): Promise<Settled> {
  if (settled.kind !== 'failed') return settled
  for (let turn = 0; turn < 2; turn++) await new Promise((done) => setImmediate(done))
  return signal.aborted ? failed([interrupted()]) : settled
}

/** Becomes the program; where that is impossible, waits for it. */
async function handOver(system: System, native: Native, program: Program): Promise<number> {
  await native.exec(program)
  return system.processes.inherit(program)
}

function readFormat(options: Options, { env }: System): void {
  if (env.PYBUN_FORMAT && !['text', 'json'].includes(env.PYBUN_FORMAT)) {
    fail(wrongVariable('PYBUN_FORMAT', 'text or json'))
  }
  if (options.format === undefined && env.PYBUN_FORMAT) options.format = env.PYBUN_FORMAT
}

/** After a failure the reading may not have reached the option; one in front of any target is believed. */
function formatOf(argv: readonly string[], options: Options, { env }: System, usage: Settled): 'text' | 'json' {
  const typed = value(options, 'format')
  if (typed !== null) return typed === 'json' ? 'json' : 'text'
  if (usage.kind === 'failed') {
    const runs = argv.some((word) => word === 'run' || word === 'x')
    const seen = argv.some((word, at) => word === '--format=json' || (word === '--format' && argv[at + 1] === 'json'))
    if (seen && !runs) return 'json'
  }
  return env.PYBUN_FORMAT === 'json' ? 'json' : 'text'
}

function earlyProgress(options: Options): ProgressWhen {
  if (flag(options, 'no-progress')) return 'never'
  return (value(options, 'progress') as ProgressWhen | null) ?? 'auto'
}

/** What was typed where the command belongs; the value of an option in front of it is none. */
function firstWord(argv: readonly string[]): string | null {
  const valued = COMMON_OPTIONS.filter(({ kind }) => kind !== 'flag')
  const names = valued.flatMap(({ name, short }) => [`--${name}`, ...(short ? [`-${short}`] : [])])
  return argv.find((word, at) => !word.startsWith('-') && !names.includes(argv[at - 1] ?? '')) ?? null
}

function commandOf(parsed: Parsed | null, argv: readonly string[]): string | null {
  if (!parsed) return firstWord(argv)
  switch (parsed.kind) {
    case 'invocation':
      return parsed.invocation.command
    case 'help':
      return 'help'
    case 'version':
      return 'version'
  }
}
