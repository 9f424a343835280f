import { basename, dirname, join } from 'node:path'
import { value } from '../model/invocation.ts'
import type { Script } from '../model/native.ts'
import { apply, bringsAny, EVERYTHING, fetch, plan } from './apply.ts'
import type { Context } from './context.ts'
import { ensureEnvironment, pythonOf } from './environment.ts'
import { exclusive } from './exclusive.ts'
import { writeFile } from './files.ts'
import { loadPlace, type Place } from './load.ts'
import { choosePython } from './python.ts'
import { lockFor, machineRequest } from './resolve.ts'
import { configuredBy, isSteered, stampLoose } from './stamp.ts'
import type { Ready } from './start.ts'

/** A file with inline metadata (PEP 723). */
export interface ScriptFile {
  path: string
  script: Script
}

/** The script in `path`, or `null` when it says nothing about its dependencies. */
export async function readScript(context: Context, path: string): Promise<ScriptFile | null> {
  const { files } = context.system
  const bytes = (await files.isFile(path)) ? await files.readBytes(path) : null
  // Zip applications and sources in other encodings have no such block; looking for it first spares decoding them.
  if (!bytes?.includes('# /// script')) return null
  const script = await context.native.scriptParse({ text: bytes.toString('utf8'), path })
  return script.found ? { path, script } : null
}

/** The environment of a script, made on the fly and kept below the data directory with its own lock. */
export async function ensureScript(context: Context, { path, script }: ScriptFile): Promise<Ready> {
  const place = await loadPlace(context)
  const configured_by = await configuredBy(context, place)
  const python_typed = value(context.options, 'python')
  const { key } = await context.native.stampKey({ kind: 'script', script: path, python: python_typed, configured_by })
  const directory = join(place.settings.cache_dir, 'envs', 'scripts', key)
  const { requires_python, dependencies: requirements } = script
  const ready = await ensureLoose(context, place, { directory, from: dirname(path), requires_python, requirements })
  const { environment } = ready
  const program = pythonOf(environment, context.system.platform)
  if (isSteered(place, ['python'])) return ready
  await stampLoose(context, { kind: 'script', key, subject: path, environment, program, configured_by })
  return ready
}

export interface LooseWish {
  directory: string
  /** Where `.python-version` is looked for, and above. */
  from: string
  requires_python: string | null
  requirements: string[]
  upgrade?: boolean
}

/** An environment with its lock inside, for the script or tool that has `directory`. */
export async function ensureLoose(context: Context, place: Place, wish: LooseWish): Promise<Ready> {
  const { files } = context.system
  const { directory, requires_python, requirements } = wish
  // Not inside of it: whoever makes an environment anew begins by removing what is there.
  return exclusive(context, join(place.settings.cache_dir, 'locks', basename(directory)), async () => {
    const lock_path = join(directory, 'pybun.lockb')
    const previous = await files.readBytes(lock_path)
    const interpreter = await choosePython(context, place, { requires_python, directory: wish.from })
    const environment = await ensureEnvironment(context, place, directory, interpreter.path)
    const request = machineRequest(place, {
      requirements,
      requires_python,
      python: environment.python,
      upgrade: wish.upgrade ?? false,
    })
    const locked = await lockFor(context, request, previous)
    const selection = { ...EVERYTHING, starts_program: true }
    const wanted = await plan(context, place, { environment, lock: locked.lock, selection })
    const applied = await apply(context, place, wanted, await fetch(context, place, wanted))
    // Making the environment anew takes the lock with it, so that "changed" is not enough.
    if (locked.changed || environment.created) await writeFile(context, directory, lock_path, locked.lock)
    return { environment, settings: place.settings, changed: bringsAny(applied) }
  })
}
