import { badChoice, optionsExclude } from '../errors/cli.ts'
import { fail } from '../errors/failure.ts'
import { flag, type Invocation } from '../model/invocation.ts'
import type { CacheSize } from '../model/native.ts'
import type { Outcome } from '../model/outcome.ts'
import { cacheDirectory, cacheSize, verifyCache } from '../steps/cache.ts'
import type { Context } from '../steps/context.ts'
import { bytes } from './bytes.ts'

const WHAT = ['dir', 'size', 'verify']

export async function cache(context: Context, { options, positionals }: Invocation): Promise<Outcome> {
  const what = positionals[0] ?? ''
  const discard = flag(options, 'discard')
  if (discard && what !== 'verify') fail(optionsExclude('--discard', what))
  switch (what) {
    case 'dir': {
      const path = await cacheDirectory(context)
      return { kind: 'done', result: { path }, lines: [path] }
    }
    case 'size': {
      const size = await cacheSize(context)
      return { kind: 'done', result: { ...size }, lines: sizeText(size) }
    }
    case 'verify': {
      const { found, problems } = await verifyCache(context, discard)
      const lines = found.damaged.flatMap(({ wheel, files }) => [
        `${wheel}${found.discarded ? ' (taken out)' : ''}`,
        ...files.map(({ path, damage }) => `  ${damage}: ${path}`),
      ])
      const sound = found.wheels - found.damaged.length
      lines.push(`${sound} of ${found.wheels} wheels are sound`)
      return { kind: 'done', result: { ...found }, lines, problems, exit_code: problems.length ? 1 : 0 }
    }
    default:
      return fail(badChoice('pybun cache', what, WHAT))
  }
}

function sizeText(size: CacheSize & { path: string }): string[] {
  const saved = size.unshared - size.store
  const rows = [
    ['store', bytes(size.store), `${size.wheels} wheels, ${size.in_use} in use; ${bytes(saved)} saved by sharing`],
    ['index answers', bytes(size.answers), ''],
    ['builds', bytes(size.builds), ''],
    ['logs', bytes(size.logs), ''],
    ['environments', bytes(size.environments), 'of scripts and tools, beside the store'],
    ['total', bytes(size.total), size.path],
  ]
  return rows.map(([what = '', count = '', note = '']) => `${what.padEnd(14)}${count.padStart(9)}  ${note}`.trimEnd())
}
