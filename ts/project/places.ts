import { join } from 'node:path'
import type { System } from '../system/system.ts'

/** The data directory: PYBUN_HOME, else the platform's cache directory. */
export function dataDirectory(system: System): string {
  const { env, home, platform } = system
  if (env.PYBUN_HOME) return env.PYBUN_HOME
  if (platform === 'win32') return join(env.LOCALAPPDATA ?? join(home, 'AppData', 'Local'), 'pybun', 'cache')
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'pybun')
  return join(absolute(env.XDG_CACHE_HOME) ?? join(home, '.cache'), 'pybun')
}

/** The user's own configuration, on every project of theirs. */
export function userConfiguration(system: System): string {
  const { env, home, platform } = system
  if (platform === 'win32') return join(env.APPDATA ?? join(home, 'AppData', 'Roaming'), 'pybun', 'config.toml')
  return join(absolute(env.XDG_CONFIG_HOME) ?? join(home, '.config'), 'pybun', 'config.toml')
}

/** The XDG specification says that relative paths are invalid and to be ignored. */
function absolute(path: string | undefined): string | null {
  return path?.startsWith('/') ? path : null
}
