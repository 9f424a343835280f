import { homedir } from 'node:os'
import { files } from './files.ts'
import { processes } from './processes.ts'
import type { System } from './system.ts'

/** The effects of this process. */
export function realSystem(): System {
  return {
    env: process.env,
    cwd: process.cwd(),
    home: homedir(),
    platform: process.platform,
    files,
    processes,
    // Prompts bring a library along, and hardly any command asks anything.
    prompts: {
      text: async (question) => (await import('./prompts.ts')).prompts.text(question),
      select: async (question) => (await import('./prompts.ts')).prompts.select(question),
      confirm: async (question) => (await import('./prompts.ts')).prompts.confirm(question),
    },
    tty: {
      stdin: process.stdin.isTTY === true,
      stdout: process.stdout.isTTY === true,
      stderr: process.stderr.isTTY === true,
    },
  }
}
