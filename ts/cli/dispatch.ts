import type { Invocation } from '../model/invocation.ts'
import type { Outcome } from '../model/outcome.ts'
import type { Context } from '../steps/context.ts'

type Run = (context: Context, invocation: Invocation) => Promise<Outcome>

/** Runs a command. Each is a chunk of its own, so that a start reads only what it needs. */
export async function dispatch(context: Context, invocation: Invocation): Promise<Outcome> {
  const load = LOADERS[invocation.command]
  if (!load) throw new Error(`no loader for ${invocation.command}`)
  const run = await load()
  return run(context, invocation)
}

const LOADERS: Record<string, () => Promise<Run>> = {
  init: async () => (await import('../commands/init.ts')).init,
  add: async () => (await import('../commands/add.ts')).add,
  remove: async () => (await import('../commands/remove.ts')).remove,
  lock: async () => (await import('../commands/lock.ts')).lock,
  outdated: async () => (await import('../commands/outdated.ts')).outdated,
  upgrade: async () => (await import('../commands/upgrade.ts')).upgrade,
  tree: async () => (await import('../commands/tree.ts')).tree,
  why: async () => (await import('../commands/why.ts')).why,
  export: async () => (await import('../commands/export.ts')).exportLock,
  install: async () => (await import('../commands/install.ts')).install,
  uninstall: async () => (await import('../commands/uninstall.ts')).uninstall,
  cache: async () => (await import('../commands/cache.ts')).cache,
  gc: async () => (await import('../commands/gc.ts')).gc,
  run: async () => (await import('../commands/run.ts')).run,
  x: async () => (await import('../commands/x.ts')).x,
  config: async () => (await import('../commands/config.ts')).config,
  schema: async () => (await import('../commands/schema.ts')).schema,
  completion: async () => (await import('../commands/completion.ts')).completion,
}
