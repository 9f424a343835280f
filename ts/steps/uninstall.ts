import type { Context } from './context.ts'
import { packages, shortPath } from './describe.ts'
import { ensureLooseEnvironment, ensureProjectEnvironment } from './environment.ts'
import { exclusive } from './exclusive.ts'
import { loadPlace, type Place, type ProjectPlace } from './load.ts'

/** Takes packages out of the environment by their lists of files; manifest and lock stay as they are. */
export async function uninstallPackages(context: Context, names: string[]) {
  const place = await loadPlace(context)
  return exclusive(context, place.project?.root ?? context.system.cwd, async () => {
    const environment = isProject(place)
      ? await ensureProjectEnvironment(context, place)
      : await ensureLooseEnvironment(context, place, 'here')
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

function isProject(place: Place): place is ProjectPlace {
  return place.project?.manifest.has_project === true
}
