import { type OwnFile, readOwnText } from '../project/owned.ts'
import type { Context } from './context.ts'
import type { Place } from './load.ts'

/** Replaces a file as a whole. Below `base` no link is followed: what a repository brings may lead anywhere. */
export async function writeFile(
  context: Context,
  base: string,
  path: string,
  data: string | Uint8Array,
): Promise<void> {
  await context.native.fileWrite({ base, path }, typeof data === 'string' ? Buffer.from(data) : data)
}

/** The bytes of a file that a project has, or may have. */
export async function readProjectBytes(context: Context, place: Place, path: string): Promise<Buffer | null> {
  return context.native.projectRead(ownFile(place, path))
}

export async function readProjectText(context: Context, place: Place, path: string): Promise<string | null> {
  return readOwnText(context.native, ownFile(place, path))
}

function ownFile({ admitted }: Place, path: string): OwnFile {
  return { path, admitted }
}
