/** What is compared. Each case prepares a fresh directory for a run and names the command to measure in it. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * A side is one program with its own home, cache and settled project: see `prepareSide` in run.mjs.
 * @typedef {{program: import('./programs.mjs').Program, settled: string, cache: string, manifest: string}} Side
 * @typedef {{about: string, needsIndex: boolean, before: (side: Side, fresh: string) => {cwd: string, argv: string[], cache?: string}}} BenchCase
 * @type {Record<string, BenchCase>}
 */
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
    before: (side, fresh) => {
      startProject(side, fresh)
      copyFileSync(join(side.settled, side.program.lock), join(fresh, side.program.lock))
      return { cwd: fresh, argv: side.program.argv.installLocked }
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
}

/** @param {Side} side @param {string} directory */
export function startProject(side, directory) {
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'pyproject.toml'), side.manifest)
}
