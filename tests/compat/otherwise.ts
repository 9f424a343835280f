import type { Solution } from './answers.ts'

/** Where PyBun's answer is another than uv's, by seed, and why; see docs/compatibility.md. */
export const OTHERWISE: Record<number, { why: string; ours: Solution }> = {}
