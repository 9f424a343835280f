import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import { basename, delimiter } from 'node:path'
import type { Readable } from 'node:stream'
import { fail } from '../errors/failure.ts'
import { cannotStart } from '../errors/run.ts'
import type { Program } from '../model/outcome.ts'
import { absoluteDirectories, findProgram } from './programs.ts'
import type { Processes } from './system.ts'

export const processes: Processes = {
  async capture(program, limit_bytes, signal) {
    const child = start(program, ['inherit', 'pipe', 'pipe'])
    const stop = () => child.kill('SIGTERM')
    signal.addEventListener('abort', stop, { once: true })
    try {
      const [exit_code, out, err] = await Promise.all([
        ended(child, program),
        head(child.stdout, limit_bytes),
        head(child.stderr, limit_bytes),
      ])
      return {
        exit_code,
        stdout: out.text,
        stderr: err.text,
        stdout_truncated: out.truncated,
        stderr_truncated: err.truncated,
      }
    } finally {
      signal.removeEventListener('abort', stop)
    }
  },

  async bytes(program, limit_bytes, signal) {
    const child = start(program, ['inherit', 'pipe', 'pipe'])
    const stop = () => child.kill('SIGTERM')
    signal.addEventListener('abort', stop, { once: true })
    try {
      const [exit_code, out] = await Promise.all([
        ended(child, program),
        headBytes(child.stdout, limit_bytes),
        headBytes(child.stderr, 0),
      ])
      return { exit_code, stdout: out.bytes, truncated: out.truncated }
    } finally {
      signal.removeEventListener('abort', stop)
    }
  },

  async inherit(program) {
    // The terminal gives Ctrl-C to the child as well: the child decides, we wait for its answer.
    const ignore = () => {}
    process.on('SIGINT', ignore)
    try {
      const child = start(program, 'inherit')
      return await ended(child, program)
    } finally {
      process.off('SIGINT', ignore)
    }
  },

  async detach(args) {
    const own = process.argv[1]
    if (own === undefined) return
    const options = { detached: true, stdio: 'ignore', windowsHide: true } as const
    if (process.platform === 'win32') {
      const child = spawn(process.execPath, [own, ...args], options)
      child.on('error', () => {})
      child.unref()
      return
    }
    // It is to be no child of this process, which may become a program of the user's that waits for all of its own.
    const words = ['-c', '"$@" &', 'sh', process.execPath, own, ...args]
    await new Promise<void>((resolve) => {
      // Without a shell another command does the work some other day.
      spawn('/bin/sh', words, options)
        .once('error', resolve)
        .once('close', () => resolve())
    })
  },
}

function start(program: Program, stdio: 'inherit' | ['inherit', 'pipe', 'pipe']): ChildProcess {
  const env: NodeJS.ProcessEnv = { ...process.env }
  for (const [name, value] of Object.entries(program.env)) {
    if (value === null) delete env[name]
    else env[name] = value
  }
  let path = program.program
  // A bare name is ours, and what it starts in turn is found as it is; a path is what a person runs, who keeps their PATH.
  if (path === basename(path)) {
    path =
      findProgram(path, env.PATH, env.VIRTUAL_ENV) ?? fail(cannotStart(path, 'there is no such program on the PATH'))
    env.PATH = absoluteDirectories(env.PATH).join(delimiter)
  }
  return spawn(path, program.args, {
    env,
    stdio,
    windowsHide: true,
    ...(program.cwd ? { cwd: program.cwd } : {}),
  })
}

function ended(child: ChildProcess, program: Program): Promise<number> {
  return new Promise<number>((resolve, reject) => {
    child.once('error', (error) => {
      try {
        fail(cannotStart(program.program, error.message))
      } catch (failure) {
        reject(failure)
      }
    })
    // As shells say it: 128 and the number of the signal.
    child.once('close', (code, name) => resolve(code ?? 128 + (name ? constants.signals[name] : 0)))
  })
}

/** Reads to the end so that the child never blocks, and keeps the first bytes. */
async function head(stream: Readable | null, limit_bytes: number): Promise<{ text: string; truncated: boolean }> {
  const { bytes, truncated } = await headBytes(stream, limit_bytes)
  return { text: bytes.toString('utf8'), truncated }
}

async function headBytes(stream: Readable | null, limit_bytes: number): Promise<{ bytes: Buffer; truncated: boolean }> {
  const kept: Buffer[] = []
  let room = limit_bytes
  let truncated = false
  for await (const chunk of stream ?? []) {
    const bytes = chunk as Buffer
    if (bytes.length > room) truncated = true
    if (room > 0) kept.push(bytes.subarray(0, room))
    room -= Math.min(room, bytes.length)
  }
  return { bytes: Buffer.concat(kept), truncated }
}
