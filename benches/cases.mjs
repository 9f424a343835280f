/** What is compared. Each case prepares a directory for a run and names the command to measure in it. */
import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * A side is one program with its own home, cache and settled project: see `makeSide` in run.mjs.
 * @typedef {object} Side
 * @property {import('./programs.mjs').Program} program
 * @property {string} settled
 * @property {string} cache
 * @property {string} manifest
 * @property {string} code imports what the set is about
 * @property {string} again the project of `reinstall`
 *
 * @typedef {{cwd: string, argv: string[], cache?: string, env?: Record<string, string>}} Job
 * @typedef {object} BenchCase
 * @property {string} about
 * @property {boolean} needsIndex
 * @property {keyof typeof import('./networks.mjs').NETWORKS} [network] `near` if it is not said
 * @property {(program: import('./programs.mjs').Program) => boolean} [supported] by PyBun
 * @property {(side: Side, fresh: string) => Job} before
 */

/** @type {Record<string, BenchCase>} */
export const CASES = {
  version: {
    about: '--version',
    needsIndex: false,
    before: ({ program }, fresh) => ({ cwd: fresh, argv: program.argv.version }),
  },
  'noop-install': {
    about: 'install in a project where nothing is to do',
    needsIndex: true,
    before: ({ program, settled }) => ({ cwd: settled, argv: program.argv.install }),
  },
  'noop-lock': {
    about: 'lock in a project where nothing changed',
    needsIndex: true,
    before: ({ program, settled }) => ({ cwd: settled, argv: program.argv.lock }),
  },
  'noop-run': {
    about: 'run python -c pass in a project where nothing is to do',
    needsIndex: true,
    before: ({ program, settled }) => ({ cwd: settled, argv: program.argv.runNothing }),
  },
  'warm-install': {
    about: 'environment from a lock and a warm cache',
    needsIndex: true,
    before: (side, fresh) => ({ cwd: startLocked(side, fresh), argv: side.program.argv.installLocked }),
  },
  'warm-install-tree': {
    about: 'the same, with directories linked as one',
    needsIndex: true,
    supported: (program) => program.hasTreeLinks(),
    before: (side, fresh) => ({
      cwd: startLocked(side, fresh),
      argv: side.program.argv.installLocked,
      env: side.program.treeLinks,
    }),
  },
  reinstall: {
    about: 'environment deleted and made again in the same directory, from a lock and a warm cache',
    needsIndex: true,
    before: (side) => {
      if (!existsSync(side.again)) startLocked(side, side.again)
      rmSync(join(side.again, side.program.environment), { recursive: true, force: true })
      return { cwd: side.again, argv: side.program.argv.installLocked }
    },
  },
  'offline-lock': {
    about: 'lock without a lock file, offline, from a warm cache',
    needsIndex: true,
    before: (side, fresh) => {
      startProject(side, fresh)
      return { cwd: fresh, argv: side.program.argv.lockOffline }
    },
  },
  'cold-lock': {
    about: 'lock with an empty cache',
    needsIndex: true,
    before: (side, fresh) => {
      startProject(side, fresh)
      return { cwd: fresh, argv: side.program.argv.lock, cache: `${fresh}.cache` }
    },
  },
  cold: {
    about: 'lock and install with an empty cache',
    needsIndex: true,
    before: (side, fresh) => {
      startProject(side, fresh)
      return { cwd: fresh, argv: side.program.argv.install, cache: `${fresh}.cache` }
    },
  },
  'cold-install': {
    about: 'environment from a lock with an empty cache, index at 0 ms',
    needsIndex: true,
    network: 'fast',
    before: (side, fresh) => coldly(startLocked(side, fresh), side.program.argv.installLocked),
  },
  'cold-install-line': {
    about: 'environment from a lock with an empty cache, index at 20 ms and 100 Mbit/s',
    needsIndex: true,
    network: 'line',
    before: (side, fresh) => coldly(startLocked(side, fresh), side.program.argv.installLocked),
  },
  ...firstRuns('first-run', 'a lock and an empty cache', coldly),
  ...firstRuns('warm-first-run', 'a lock and a warm cache', (cwd, argv, env) => ({ cwd, argv, env })),
}

/** @param {Side} side @param {string} directory */
export function startProject(side, directory) {
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'pyproject.toml'), side.manifest)
}

/** @param {Side} side @param {string} directory */
export function startLocked(side, directory) {
  startProject(side, directory)
  copyFileSync(join(side.settled, side.program.lock), join(directory, side.program.lock))
  return directory
}

/** From nothing to the end of the program's first run: environment and imports, in one command. */
function firstRuns(name, from, job) {
  const one = (bytecode) => ({
    about: `first run from ${from}${bytecode ? ', with bytecode compiled at installation' : ''}`,
    needsIndex: true,
    network: 'fast',
    before: (side, fresh) => {
      const { program, code } = side
      return job(startLocked(side, fresh), program.argv.firstRun(code), bytecode ? program.compiled : program.usual)
    },
  })
  return { [name]: one(false), [`${name}-bytecode`]: one(true) }
}

/** @returns {Job} */
function coldly(cwd, argv, env = {}) {
  return { cwd, argv, env, cache: `${cwd}.cache` }
}
