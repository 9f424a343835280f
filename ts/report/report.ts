import type { Event } from '../model/event.ts'
import type { DoneOutcome } from '../model/outcome.ts'
import type { Problem } from '../model/problem.ts'
import { envelope } from './envelope.ts'
import { keepEvents } from './events.ts'
import { harmlessJson, harmlessLine, harmlessText } from './harmless.ts'
import { noProgress, type ProgressView, progressBar, progressLines } from './progress.ts'
import { redactText } from './redact.ts'
import type { Settled } from './settle.ts'
import { problemText } from './text.ts'

/** The two streams and what is known about them. */
export interface Sink {
  out(text: string): void
  err(text: string): void
  err_is_terminal: boolean
  columns: number
  colour: boolean
  now_ms(): number
}

export interface ReportStyle {
  format: 'text' | 'json'
  quiet: boolean
  verbose: boolean
}

export type ProgressWhen = 'auto' | 'always' | 'never'

/** The single exit of every command: progress on the way, then its end, in the format that was asked for. */
export function createReport(sink: Sink, style: ReportStyle) {
  const events = keepEvents(sink.now_ms)
  const warnings: Problem[] = []
  let view: ProgressView = noProgress
  let chosen: ProgressWhen | null = null
  return {
    /** Decides how progress is shown; told again when the configuration is known. */
    progress(when: ProgressWhen): void {
      if (when === chosen) return
      chosen = when
      view.close()
      view = viewFor(sink, style, when)
    },
    emit(event: Event): void {
      events.add(event)
      if (event.kind === 'progress') view.show(event)
      else if (style.format === 'text' && (event.loud ? !style.quiet : style.verbose)) {
        view.close()
        const message = harmlessText(event.message)
        sink.err(redactText(event.loud ? `${message}\n` : `note[${event.code}]: ${message}\n`))
      }
    },
    /** A command may resolve twice; what it was warned of twice is told once. */
    warn(problem: Problem): void {
      const told = warnings.some(({ code, message }) => code === problem.code && message === problem.message)
      if (!told) warnings.push(problem)
    },
    /** Takes progress away and says what went wrong without stopping; before another program takes our place. */
    clear(): void {
      view.close()
      if (style.format === 'text' && !style.quiet) {
        for (const problem of warnings.splice(0)) sink.err(problemText(problem, 'warning', textStyle(sink, style)))
      }
    },
    /** Writes the end and gives the exit code. */
    end(settled: Settled, command: string | null): number {
      view.close()
      if (style.format === 'json') {
        const told = { command, duration_ms: sink.now_ms(), events: events.all(), warnings }
        const written = envelope(settled, told)
        sink.out(`${harmlessJson(JSON.stringify(written))}\n`)
        return written.exit_code
      }
      this.clear()
      if (settled.kind === 'failed') return endFailed(settled.problems, settled.exit_code)
      const { outcome } = settled
      if (outcome.kind === 'handover') throw new Error('a handover has no end to report')
      return endDone(outcome)
    },
  }

  function endFailed(problems: Problem[], exit_code: number): number {
    for (const problem of problems) sink.err(problemText(problem, 'error', textStyle(sink, style)))
    return exit_code
  }

  function endDone({ document, lines, summary, problems, exit_code }: DoneOutcome): number {
    if (document !== undefined) sink.out(document)
    if (lines) sink.out(linesText(lines))
    if (summary && !style.quiet) sink.out(linesText(summary))
    return endFailed(problems ?? [], exit_code ?? 0)
  }
}

/** Each text one line, whoever wrote it. */
function linesText(lines: string[]): string {
  return lines.map((line) => `${redactText(harmlessLine(line))}\n`).join('')
}

function textStyle(sink: Sink, { verbose }: ReportStyle) {
  return { colour: sink.colour, verbose }
}

function viewFor(sink: Sink, style: ReportStyle, when: ProgressWhen): ProgressView {
  if (when === 'never' || style.format === 'json' || style.quiet) return noProgress
  const target = { write: sink.err, columns: () => sink.columns, now_ms: sink.now_ms }
  return sink.err_is_terminal || when === 'always' ? progressBar(target) : progressLines(target)
}
