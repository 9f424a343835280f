/** An expected failure as data: what happened, what to do, and the command that does it. */
export interface Problem {
  /** `<step>/<what>`, never renamed and never reused. */
  code: string
  message: string
  hint?: string
  fix?: Fix
  context?: Record<string, unknown>
}

export interface Fix {
  /** An argument vector, never a shell line. */
  command: string[]
  safety: 'safe' | 'review' | 'manual'
}
