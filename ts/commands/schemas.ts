import conflict from '../../schemas/conflict.json' with { type: 'json' }
import envelope from '../../schemas/envelope.json' with { type: 'json' }
import event from '../../schemas/event.json' with { type: 'json' }
import add from '../../schemas/results/add.json' with { type: 'json' }
import cache from '../../schemas/results/cache.json' with { type: 'json' }
import completion from '../../schemas/results/completion.json' with { type: 'json' }
import config from '../../schemas/results/config.json' with { type: 'json' }
import exported from '../../schemas/results/export.json' with { type: 'json' }
import gc from '../../schemas/results/gc.json' with { type: 'json' }
import help from '../../schemas/results/help.json' with { type: 'json' }
import init from '../../schemas/results/init.json' with { type: 'json' }
import install from '../../schemas/results/install.json' with { type: 'json' }
import lock from '../../schemas/results/lock.json' with { type: 'json' }
import outdated from '../../schemas/results/outdated.json' with { type: 'json' }
import remove from '../../schemas/results/remove.json' with { type: 'json' }
import run from '../../schemas/results/run.json' with { type: 'json' }
import schema from '../../schemas/results/schema.json' with { type: 'json' }
import tree from '../../schemas/results/tree.json' with { type: 'json' }
import uninstall from '../../schemas/results/uninstall.json' with { type: 'json' }
import upgrade from '../../schemas/results/upgrade.json' with { type: 'json' }
import version from '../../schemas/results/version.json' with { type: 'json' }
import why from '../../schemas/results/why.json' with { type: 'json' }
import x from '../../schemas/results/x.json' with { type: 'json' }

/** The schema files, by the name that `pybun schema` knows them under. */
export const SCHEMAS: Record<string, unknown> = {
  conflict,
  envelope,
  event,
  add,
  cache,
  completion,
  config,
  export: exported,
  gc,
  help,
  init,
  install,
  lock,
  remove,
  run,
  schema,
  uninstall,
  outdated,
  tree,
  upgrade,
  version,
  why,
  x,
}
