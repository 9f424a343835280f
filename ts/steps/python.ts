import { interpreterChosen } from '../errors/notes.ts'
import type { Interpreter } from '../model/native.ts'
import { isOfProject } from '../project/configuration.ts'
import type { Context } from './context.ts'
import { explain } from './explain.ts'
import type { Place } from './load.ts'

/** The text of the nearest `.python-version`, from `start` upwards. */
export async function findPin(context: Context, { admitted }: Place, start: string): Promise<string | null> {
  return (await context.native.projectPin({ start, admitted })).text
}

/**
 * `--python` and its like, then `.python-version` of `directory` and above, then what `requires_python` allows. Only what a
 * person says may name a program.
 */
export async function choosePython(
  context: Context,
  place: Place,
  wish: { requires_python: string | null; directory: string },
): Promise<Interpreter> {
  const { value, origin } = place.configuration.python
  const text = value as string | null
  const chosen = await context.native.pythonChoose({
    request: isOfProject(origin) ? null : text,
    project: isOfProject(origin) ? text : null,
    pin: await findPin(context, place, wish.directory),
    requires_python: wish.requires_python,
    cwd: context.system.cwd,
    cache_dir: place.settings.cache_dir,
  })
  explain(context, interpreterChosen(chosen.version, chosen.path, chosen.origin))
  return chosen
}
