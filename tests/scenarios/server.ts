import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Native } from '../../ts/native/native.ts'
import { SCENARIOS } from './folder.mjs'

export interface Server {
  /** The index of one scenario. */
  url(name: string): string
  close(): void
}

/** The folder's own server, run by an interpreter that knows `tomllib`. */
export async function startServer(native: Native, cache_dir: string): Promise<Server> {
  const { interpreters } = await native.pythonFind({ cwd: cache_dir, cache_dir })
  const able = interpreters.find(({ version }) => /^3\.(1[1-9]|[2-9]\d)\./.test(version))
  if (!able) throw new Error('the server of the scenarios needs Python 3.11 or newer: put one on the PATH')
  const args = ['-B', join(SCENARIOS, 'packse_serve.py'), 'serve', '--port', '0']
  const child: ChildProcess = spawn(able.path, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = '' // a trace for each connection that PyBun closes early, which is no fault of either
  child.stderr?.on('data', (bytes) => {
    said = (said + bytes).slice(-2000)
  })
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`the server of the scenarios ended: ${said}`)))
  const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string]
  ended.catch(() => {})
  const [origin] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? []
  if (!origin) throw new Error(`the server of the scenarios said ${line}`)
  return { url: (name) => `${origin}/${name}/simple/`, close: () => child.kill() }
}
