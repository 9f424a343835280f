import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach } from 'vitest'
import type { Envelope } from '../../report/envelope.ts'
import { realSystem } from '../../system/real.ts'
import type { System } from '../../system/system.ts'
import { run } from '../run.ts'
import { fakeAddon, type World } from './fake-addon.ts'

/** A directory with nothing around it, in which the whole command line runs over a fake addon. */
export function bench(world: World = {}) {
  const root = mkdtempSync(join(tmpdir(), 'pybun-unit-'))
  created.push(root)
  const home = join(root, 'home')
  const project = join(root, 'project')
  mkdirSync(home)
  mkdirSync(project)
  const addon = fakeAddon(world)
  const abort = new AbortController()

  async function pybun(args: string[], over: Partial<System> = {}) {
    const written = { out: '', err: '' }
    const system: System = { ...realSystem(), env: { HOME: home, PATH: process.env.PATH }, home, cwd: project, ...over }
    let now_ms = 0
    const exit_code = await run(args, {
      system,
      sink: {
        out: (text) => {
          written.out += text
        },
        err: (text) => {
          written.err += text
        },
        err_is_terminal: false,
        columns: 80,
        colour: false,
        now_ms: () => now_ms++,
      },
      loadAddon: async () => addon,
      signal: abort.signal,
    })
    return { ...written, exit_code }
  }

  return {
    root,
    project,
    addon,
    abort,
    pybun,
    /** The envelope of a command, and nothing but it on stdout. */
    async json(args: string[], over: Partial<System> = {}): Promise<Envelope> {
      return JSON.parse((await pybun(['--format=json', ...args], over)).out) as Envelope
    },
    write(path: string, text: string): void {
      mkdirSync(dirname(join(project, path)), { recursive: true })
      writeFileSync(join(project, path), text)
    },
    read: (path: string) => (existsSync(join(project, path)) ? readFileSync(join(project, path), 'utf8') : null),
  }
}

export const MANIFEST = `[project]
name = "demo"
version = "0.1.0"
dependencies = []
`

const created: string[] = []
afterEach(() => {
  for (const path of created.splice(0)) rmSync(path, { recursive: true, force: true })
})
