import { flag, type Invocation, value } from '../model/invocation.ts'
import type { Outcome } from '../model/outcome.ts'
import { collectCache } from '../steps/cache.ts'
import type { Context } from '../steps/context.ts'
import { bytes } from './bytes.ts'

export async function gc(context: Context, { options }: Invocation): Promise<Outcome> {
  const dry_run = flag(options, 'dry-run')
  const wish = { max_size: value(options, 'max-size'), max_age: value(options, 'max-age'), dry_run }
  const collected = await collectCache(context, wish)
  const { busy, removed, freed, after, in_use } = collected
  const summary = busy
    ? ['Another pybun is collecting; nothing was done']
    : [
        `${dry_run ? 'Would free' : 'Freed'} ${bytes(freed)}: ${things(removed.length)}`,
        ...removed.filter(({ kind }) => kind === 'wheel').map(({ name, bytes: size }) => ` - ${name} (${bytes(size)})`),
        `${bytes(after)} ${dry_run ? 'would stay' : 'stay'}; environments use ${in_use === 1 ? '1 wheel' : `${in_use} wheels`}`,
      ]
  return { kind: 'done', result: { dry_run, ...collected }, summary }
}

function things(count: number): string {
  return count === 1 ? '1 thing' : `${count} things`
}
