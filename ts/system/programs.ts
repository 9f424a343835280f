import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'

/**
 * The absolute directories of a PATH. A relative or empty entry leads into the directory that somebody stands in, which may
 * be a stranger's project.
 */
export function absoluteDirectories(path: string | undefined): string[] {
  return (path ?? '').split(delimiter).filter((entry) => isAbsolute(entry))
}

/** The file of a command, or `null`. On Windows it ends in `.exe`: the others are scripts of the shell. */
export function findProgram(name: string, path: string | undefined): string | null {
  const file = process.platform === 'win32' ? `${name}.exe` : name
  const paths = absoluteDirectories(path).map((directory) => join(directory, file))
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
