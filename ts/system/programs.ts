import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, isAbsolute, join, sep } from 'node:path'

/**
 * The absolute directories of a PATH. A relative or empty entry leads into the directory that somebody stands in, which may
 * be a stranger's project.
 */
export function absoluteDirectories(path: string | undefined): string[] {
  return (path ?? '').split(delimiter).filter((entry) => isAbsolute(entry))
}

/**
 * The file of a command, or `null`. On Windows it ends in `.exe`: the others are scripts of the shell. What lies below `active`, the
 * active environment, was brought by a package that somebody installed, and is not taken for the system's.
 */
export function findProgram(name: string, path: string | undefined, active?: string): string | null {
  const file = process.platform === 'win32' ? `${name}.exe` : name
  const directories = absoluteDirectories(path).filter(
    (directory) => !active || !`${directory}${sep}`.startsWith(`${active}${sep}`),
  )
  const paths = directories.map((directory) => join(directory, file))
  return paths.find(isExecutable) ?? null
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
