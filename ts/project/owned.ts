import { fail } from '../errors/failure.ts'
import { notUtf8 } from '../errors/system.ts'
import type { Native } from '../native/native.ts'
import type { System } from '../system/system.ts'
import { userConfiguration } from './places.ts'
import { SETTINGS } from './setting.ts'
import { readValue } from './value.ts'

/** A file that a project has, or may have: it has to belong to the user. */
export interface OwnFile {
  path: string
  /** Directories of other users that this one trusts. */
  admitted: string[]
}

/** The text of a project's file; `null` when there is none. */
export async function readOwnText(native: Native, file: OwnFile): Promise<string | null> {
  const bytes = await native.projectRead(file)
  if (bytes === null) return null
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return fail(notUtf8(file.path))
  }
}

/**
 * What the user's own configuration admits. It is looked up before any project is, which may not say whom to trust; what is wrong with
 * it is told when the whole configuration is loaded.
 */
export async function admittedDirectories(system: System, native: Native): Promise<string[]> {
  const path = userConfiguration(system)
  const text = await system.files.readText(path)
  const spec = SETTINGS.find(({ key }) => key === 'trusted-directories')
  if (!text?.includes('trusted-directories') || !spec) return []
  const { value } = await native.tomlParse({ text, path })
  const read = readValue(spec, value[spec.key] ?? [], system.home)
  return read.misfits.length ? [] : (read.value as string[])
}
