import { cacheDamaged } from '../errors/cache.ts'
import type { CacheDamage, CacheSize, Collected } from '../model/native.ts'
import type { Problem } from '../model/problem.ts'
import type { Context } from './context.ts'
import { loadUserPlace, type Place } from './load.ts'

// All projects share the data directory, so that the one in which a person happens to stand has no say in it.

/** Where the data directory is. */
export async function cacheDirectory(context: Context): Promise<string> {
  return (await loadUserPlace(context)).settings.cache_dir
}

export async function cacheSize(context: Context): Promise<CacheSize & { path: string }> {
  const { cache_dir } = (await loadUserPlace(context)).settings
  return { path: cache_dir, ...(await context.native.cacheSize({ cache_dir })) }
}

/** Every file of the store against its digest. */
export async function verifyCache(
  context: Context,
  discard: boolean,
): Promise<{ found: CacheDamage & { path: string }; problems: Problem[] }> {
  const { cache_dir } = (await loadUserPlace(context)).settings
  const found = await context.native.cacheVerify({ cache_dir, discard })
  const problems = found.damaged.length && !discard ? [cacheDamaged(found.damaged.length)] : []
  return { found: { path: cache_dir, ...found }, problems }
}

/** Removes what was not used for longest, by the limits that are typed, else by those that are configured. */
export async function collectCache(
  context: Context,
  wish: { max_size: string | null; max_age: string | null; dry_run: boolean },
): Promise<Collected> {
  const { configuration, settings } = await loadUserPlace(context)
  const typed = wish.max_size !== null || wish.max_age !== null
  return context.native.cacheCollect({
    cache_dir: settings.cache_dir,
    max_size: typed ? wish.max_size : String(configuration['cache-max-size'].value),
    max_age: typed ? wish.max_age : String(configuration['cache-max-age'].value),
    dry_run: wish.dry_run,
  })
}

/** Once a day a process of its own keeps the data directory within its bounds: no command waits for that. */
export async function collectWhenDue(context: Context, { configuration, settings }: Place): Promise<void> {
  const { cache_dir } = settings
  if (!(await context.native.cacheDue({ cache_dir }))) return
  const limits = ['size', 'age'].flatMap((what) => [
    `--max-${what}`,
    String(configuration[what === 'size' ? 'cache-max-size' : 'cache-max-age'].value),
  ])
  await context.system.processes.detach(['gc', '--quiet', '--cache-dir', cache_dir, ...limits])
}
