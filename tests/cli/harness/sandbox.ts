import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** `PYBUN_TEST_COMMAND`, else the one that `npm ci` made. */
export const PYBUN =
  process.env.PYBUN_TEST_COMMAND ?? fileURLToPath(new URL('../../../node_modules/.bin/pybun', import.meta.url))

/** What the programs that PyBun starts may find besides Python. */
const TOOLS =
  'node sh env cat cp false find touch git ls mkdir mount readlink rm sleep true umount uname unshare'.split(' ')

/** A directory tree of its own with everything that a run may see or change. */
export interface Sandbox {
  root: string
  project: string
  home: string
  cache: string
  /** Where PyBun's state lies, with what is above it in the home. */
  state: string
  env: Record<string, string>
  remove(): void
}

export interface Python {
  executable: string
  version: string
}

/** Copies `project` (or makes an empty one) into a new sealed tree. */
export function sandbox(project: string | null, index_url: string): Sandbox {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'pybun-cli-')))
  const at = (name: string) => join(root, name)
  for (const name of ['project', 'home', 'tmp', 'bin']) mkdirSync(at(name))
  if (project && existsSync(project)) cpSync(project, at('project'), { recursive: true })
  for (const tool of TOOLS) {
    const found = locate(tool)
    if (found) symlinkSync(found, join(at('bin'), tool))
  }
  return {
    root,
    project: at('project'),
    home: at('home'),
    cache: join(at('home'), '.cache', 'pybun'),
    state: join(at('home'), '.local'),
    env: {
      PATH: [at('bin'), dirname(python().executable)].join(delimiter),
      HOME: at('home'),
      TMPDIR: at('tmp'),
      XDG_CACHE_HOME: join(at('home'), '.cache'),
      LANG: 'C.UTF-8',
      COLUMNS: '100',
      PIP_CONFIG_FILE: '/dev/null',
      PYBUN_INDEX_URL: index_url,
      // Nothing goes on behind a case that has ended.
      PYBUN_COMPILE_BYTECODE: 'never',
    },
    remove: () => {
      chmodSync(root, 0o755)
      removeAll(root)
    },
  }
}

/** Also what tree links lead to, in directories that nobody may write to. */
export function removeAll(path: string) {
  const options = { recursive: true, maxRetries: 3 } as const
  try {
    rmSync(path, options)
  } catch {
    execFileSync('chmod', ['-R', 'u+w', path])
    rmSync(path, options)
  }
}

let known: Python | null = null

/** The interpreter of all cases: `PYBUN_TEST_PYTHON`, else `python3` of the PATH, behind any shim. */
export function python(): Python {
  if (known) return known
  const asked = process.env.PYBUN_TEST_PYTHON ?? 'python3'
  const code = 'import os, platform, sys; print(os.path.realpath(sys.executable), platform.python_version())'
  const [executable = '', version = ''] = execFileSync(asked, ['-c', code], { encoding: 'utf8' }).trim().split(' ')
  known = { executable, version }
  return known
}

function locate(tool: string): string | null {
  if (tool === 'node') return process.execPath
  const folders = (process.env.PATH ?? '').split(delimiter)
  const found = folders.map((folder) => join(folder, tool)).find((path) => existsSync(path))
  return found ? realpathSync(found) : null
}
