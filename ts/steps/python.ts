import { interpreterChosen } from '../errors/notes.ts'
import type { Interpreter } from '../model/native.ts'
import type { Context } from './context.ts'
import { explain } from './explain.ts'
import type { Place } from './load.ts'

/** The text of the nearest `.python-version`, from `start` upwards. */
export async function findPin(context: Context, { admitted }: Place, start: string): Promise<string | null> {
  return (await context.native.projectPin({ start, admitted })).text
}

/** `--python` and its like, then `.python-version` of `directory` and above, then what `requires_python` allows. */
export async function choosePython(
  context: Context,
  place: Place,
  wish: { requires_python: string | null; directory: string },
): Promise<Interpreter> {
  const chosen = await context.native.pythonChoose({
    request: place.configuration.python.value as string | null,
    pin: await findPin(context, place, wish.directory),
    requires_python: wish.requires_python,
    cwd: context.system.cwd,
    cache_dir: place.settings.cache_dir,
  })
  explain(context, interpreterChosen(chosen.version, chosen.path, chosen.origin))
  return chosen
}
