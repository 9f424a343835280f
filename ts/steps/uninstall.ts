import type { Context } from './context.ts'
import { packages, shortPath } from './describe.ts'
import { existingEnvironment } from './environment.ts'
import { exclusive } from './exclusive.ts'
import { loadPlace } from './load.ts'

/** Takes packages out of the environment by their lists of files; manifest and lock stay as they are. */
export async function uninstallPackages(context: Context, names: string[]) {
  const place = await loadPlace(context)
  // Where there is none, nothing is left behind.
  await existingEnvironment(context, place)
  return exclusive(context, place.project?.root ?? context.system.cwd, async () => {
    const environment = await existingEnvironment(context, place)
    const request = { settings: place.settings, environment: environment.path, names }
    const { removed } = await context.native.uninstall(request)
    const where = shortPath(context, environment.path)
    return {
      result: { environment: environment.path, removed },
      summary: [
        `Removed ${packages(removed.length)} from ${where}`,
        ...removed.map(({ name, version }) => ` - ${name} ${version}`),
      ],
    }
  })
}
