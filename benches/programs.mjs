/** The programs that are compared: where they are, and what a person types for the same job. */
import { execFileSync } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PYBUN = fileURLToPath(new URL('../node_modules/.bin/pybun', import.meta.url))

/**
 * @typedef {object} Program
 * @property {string} name
 * @property {string} file
 * @property {string} version
 * @property {string} lock the name of its lock file
 * @property {string} environment where it makes the environment, relative to the project
 * @property {string} held the file in there that is locked while something goes on after a command
 * @property {Record<string, string>} compiled variables that make it compile bytecode at installation
 * @property {Record<string, string>} usual variables that let it make bytecode as it does for anybody
 * @property {Record<string, string>} treeLinks variables that make it link directories as one, where it can
 * @property {() => boolean} hasTreeLinks
 * @property {(box: {home: string, cache: string, index: string, python: string}) => Record<string, string>} env
 * @property {Record<'version' | 'lock' | 'install' | 'installLocked' | 'lockOffline' | 'runNothing', string[]>
 *   & {firstRun: (code: string) => string[]}} argv
 */

/** @returns {Program} */
export function pybun() {
  if (!existsSync(PYBUN)) throw new Error(`${PYBUN} is missing: run \`npm ci\` first`)
  return {
    name: 'pybun',
    file: PYBUN,
    version: versionOf(PYBUN),
    lock: 'pybun.lockb',
    environment: '.pybun',
    held: 'venv/pyvenv.cfg',
    compiled: { PYBUN_COMPILE_BYTECODE: 'always' },
    usual: { PYBUN_COMPILE_BYTECODE: 'background' },
    treeLinks: { PYBUN_LINK_MODE: 'tree' },
    hasTreeLinks: () =>
      /--link-mode MODE.*\btree\b/.test(execFileSync(PYBUN, ['install', '--help'], { encoding: 'utf8' })),
    env: (box) => ({
      ...sealed(box),
      PYBUN_CACHE_DIR: box.cache,
      PYBUN_INDEX_URL: box.index,
      PYBUN_PYTHON: box.python,
      // What goes on behind one command would be measured with the next.
      PYBUN_COMPILE_BYTECODE: 'never',
    }),
    argv: {
      version: ['--version'],
      lock: ['lock'],
      install: ['install'],
      installLocked: ['install'],
      lockOffline: ['--offline', 'lock'],
      runNothing: ['run', 'python', '-c', 'pass'],
      firstRun: (code) => ['run', 'python', '-c', code],
    },
  }
}

/** uv of the PATH or of `PYBUN_BENCH_UV`, else installed by pip below `directory`. @returns {Program} */
export function uv(directory) {
  const file = process.env.PYBUN_BENCH_UV ?? onPath('uv') ?? installUv(directory)
  return {
    name: 'uv',
    file: realpathSync(file),
    version: versionOf(file),
    lock: 'uv.lock',
    environment: '.venv',
    held: 'pyvenv.cfg',
    compiled: { UV_COMPILE_BYTECODE: '1' },
    usual: {},
    treeLinks: {},
    hasTreeLinks: () => false,
    env: (box) => ({
      ...sealed(box),
      UV_CACHE_DIR: box.cache,
      UV_DEFAULT_INDEX: box.index,
      UV_PYTHON: box.python,
      UV_PYTHON_DOWNLOADS: 'never',
      UV_NO_CONFIG: '1',
    }),
    argv: {
      version: ['--version'],
      lock: ['lock'],
      install: ['sync', '-q'],
      installLocked: ['sync', '-q', '--frozen'],
      lockOffline: ['lock', '-q', '--offline'],
      runNothing: ['run', '-q', 'python', '-c', 'pass'],
      firstRun: (code) => ['run', '-q', '--frozen', 'python', '-c', code],
    },
  }
}

/** The interpreter of all runs: `PYBUN_BENCH_PYTHON`, else `python3`, behind any shim. */
export function python() {
  const code = 'import os, sys; print(os.path.realpath(sys.executable), "%d.%d" % sys.version_info[:2])'
  const asked = process.env.PYBUN_BENCH_PYTHON ?? 'python3'
  const [executable = '', version = ''] = execFileSync(asked, ['-c', code], { encoding: 'utf8' }).trim().split(' ')
  return { executable, version }
}

function sealed({ home, python: executable }) {
  const path = [dirname(executable), dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter)
  return { HOME: home, PATH: path, LANG: 'C.UTF-8', TERM: 'dumb' }
}

function versionOf(file) {
  return execFileSync(file, ['--version'], { encoding: 'utf8' }).trim()
}

function onPath(name) {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

function installUv(directory) {
  const home = join(directory, 'uv-tool')
  if (!existsSync(join(home, 'bin', 'uv'))) {
    execFileSync(python().executable, ['-m', 'venv', home], { stdio: 'inherit' })
    execFileSync(join(home, 'bin', 'pip'), ['install', '-q', 'uv'], { stdio: 'inherit' })
  }
  return join(home, 'bin', 'uv')
}
