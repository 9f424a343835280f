import { homedir } from 'node:os'
import { isatty } from 'node:tty'
import { files } from './files.ts'
import type { System } from './system.ts'

/** The effects of this process. What a start may do without is loaded when it is asked for. */
export function realSystem(): System {
  return {
    env: process.env,
    cwd: process.cwd(),
    home: homedir(),
    platform: process.platform,
    files,
    processes: {
      capture: async (...request) => (await import('./processes.ts')).processes.capture(...request),
      bytes: async (...request) => (await import('./processes.ts')).processes.bytes(...request),
      inherit: async (program) => (await import('./processes.ts')).processes.inherit(program),
      detach: async (args) => (await import('./processes.ts')).processes.detach(args),
    },
    prompts: {
      text: async (question) => (await import('./prompts.ts')).prompts.text(question),
      select: async (question) => (await import('./prompts.ts')).prompts.select(question),
      several: async (question) => (await import('./prompts.ts')).prompts.several(question),
      confirm: async (question) => (await import('./prompts.ts')).prompts.confirm(question),
    },
    // Asking the streams would make them.
    tty: { stdin: isatty(0), stdout: isatty(1), stderr: isatty(2) },
  }
}
