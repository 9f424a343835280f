/** Everything around an environment and a store, so that a file that got out of them is seen. */
import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join, relative } from 'node:path'

/** Path -> kind, mode and digest of everything below `root`, links not followed, but for the directories `but`. */
export function surroundings(root: string, but: string[]): Map<string, string> {
  const found = new Map<string, string>()
  const pending = [root]
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name)
      if (but.includes(path)) continue
      if (entry.isDirectory()) pending.push(path)
      found.set(relative(root, path), describe(path))
    }
  }
  return found
}

/** The lines of two maps that differ. */
export function difference(before: Map<string, string>, after: Map<string, string>): string[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort()
  return paths.filter((path) => before.get(path) !== after.get(path)).map((path) => `${path}: ${after.get(path)}`)
}

/** All files below a directory, relative to it. */
export function filesBelow(root: string): string[] {
  return [...surroundings(root, [])].filter(([, what]) => !what.startsWith('directory')).map(([path]) => path)
}

function describe(path: string): string {
  const found = lstatSync(path)
  const mode = (found.mode & 0o7777).toString(8)
  if (found.isDirectory()) return `directory ${mode}`
  if (found.isSymbolicLink()) return `link to ${readlinkSync(path)}`
  if (!found.isFile()) return `special ${found.mode.toString(8)}`
  return `file ${mode} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`
}
