import { execFile, execFileSync } from 'node:child_process'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'

export interface Result {
  code: number
  stdout: string
  stderr: string
}

/** A user's machine in small: an empty home, an empty npm prefix, and a `node` that leaves a mark at each start. */
export interface Place {
  prefix: string
  project: string
  /** Where PyBun keeps what it has fetched. */
  data: string
  /** The command that npm made. */
  command: string
  npm(...args: string[]): Promise<Result>
  pybun(args: string[], env?: Record<string, string>): Promise<Result>
  /** How often Node has started, but for npm itself. */
  nodeStarts(): number
  /** Everything below the prefix that is not a directory. */
  files(): string[]
  remove(): void
}

export function makePlace(registry: string): Place {
  const root = mkdtempSync(join(tmpdir(), 'pybun-package-'))
  const at = (name: string) => {
    mkdirSync(join(root, name), { recursive: true })
    return join(root, name)
  }
  const [home, prefix, project, bin] = [at('home'), at('prefix'), at('project'), at('bin')]
  const marks = join(root, 'marks')
  appendFileSync(marks, '')
  const node = `#!/bin/sh\necho started >> '${marks}'\nexec '${process.execPath}' "$@"\n`
  writeFileSync(join(bin, 'node'), node, { mode: 0o755 })
  symlinkSync(python(), join(bin, 'python3'))
  const system = ['/usr/local/bin', '/usr/bin', '/bin'].join(delimiter)
  const base = { HOME: home, LANG: 'C.UTF-8', TMPDIR: at('tmp'), PYBUN_COMPILE_BYTECODE: 'never' }
  const npm_env = {
    ...base,
    PATH: [dirname(process.execPath), system].join(delimiter),
    npm_config_registry: registry,
    npm_config_cache: at('npm-cache'),
    npm_config_prefix: prefix,
    npm_config_update_notifier: 'false',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
  }
  const command = join(prefix, 'bin', 'pybun')
  return {
    prefix,
    project,
    data: join(home, '.cache', 'pybun'),
    command,
    npm: (...args) => run('npm', args, project, npm_env),
    pybun: (args, env = {}) =>
      run(command, args, project, { ...base, PATH: [bin, join(prefix, 'bin'), system].join(delimiter), ...env }),
    nodeStarts: () => readFileSync(marks, 'utf8').split('\n').length - 1,
    files: () =>
      readdirSync(prefix, { recursive: true, withFileTypes: true })
        .filter((entry) => !entry.isDirectory())
        .map((entry) => join(entry.parentPath, entry.name)),
    remove: () => rmSync(root, { recursive: true }),
  }
}

/** The interpreter itself, behind any shim. */
function python(): string {
  const asked = process.env.PYBUN_TEST_PYTHON ?? 'python3'
  return execFileSync(asked, ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim()
}

function run(program: string, args: string[], cwd: string, env: Record<string, string>): Promise<Result> {
  return new Promise((resolve) => {
    const child = execFile(program, args, { cwd, env, encoding: 'utf8' }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({ code, stdout, stderr: code === -1 ? `${stderr}${error?.message}` : stderr })
    })
    child.stdin?.end()
  })
}
