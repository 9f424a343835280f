import { dirname, join, resolve } from 'node:path'
import { lockMerged } from '../errors/lock.ts'
import type { Program } from '../model/outcome.ts'
import { ancestors } from '../project/project.ts'
import type { Context } from './context.ts'
import { shortPath } from './describe.ts'
import { readProjectBytes } from './files.ts'
import type { ProjectPlace } from './load.ts'

/**
 * What to prefer instead of the lock on disk while git has a merge of it open, or where its marks are in it: the
 * versions of both sides; `none` where neither can be read. `null` when there is nothing to heal.
 */
export async function preferencesOfBothSides(context: Context, place: ProjectPlace): Promise<Buffer | 'none' | null> {
  const { lock_path } = place.project
  const sides = (await openMerge(context, place.project.root)) ?? (await marked(context, place))
  if (!sides) return null
  const { found, preferences } = await context.native.lockMerge(sides)
  context.warn(lockMerged(shortPath(context, lock_path), found))
  return preferences ?? 'none'
}

interface Sides {
  base: Buffer | null
  ours: Buffer | null
  theirs: Buffer | null
}

/** The three stages of git's index. Git leaves ours in the directory, since it cannot merge what is binary. */
async function openMerge(context: Context, root: string): Promise<Sides | null> {
  if (!(await isMerging(context, root))) return null
  const listed = await git(context, root, ['ls-files', '--unmerged', '--', 'pybun.lockb'])
  const stages = new Map(
    (listed?.toString('utf8') ?? '').split('\n').flatMap((line) => {
      const [, blob, stage] = /^\d+ ([0-9a-f]{40,64}) ([123])\t/.exec(line) ?? []
      return blob && stage ? [[stage, blob] as const] : []
    }),
  )
  if (stages.size === 0) return null
  const read = async (stage: string) => {
    const blob = stages.get(stage)
    return blob ? git(context, root, ['cat-file', 'blob', blob]) : null
  }
  return { base: await read('1'), ours: await read('2'), theirs: await read('3') }
}

/** A merge by lines, which only happens where somebody told git that the lock is text. */
async function marked(context: Context, place: ProjectPlace): Promise<Sides | null> {
  const saved = await readProjectBytes(context, place, place.project.lock_path)
  if (!saved?.includes('<<<<<<< ') || !saved.includes('>>>>>>> ')) return null
  return { base: null, ours: saved, theirs: null }
}

/** What git leaves while a merge, a rebase, a cherry-pick or a stash waits for somebody. */
const OPEN = ['MERGE_HEAD', 'CHERRY_PICK_HEAD', 'REVERT_HEAD', 'REBASE_HEAD', 'AUTO_MERGE']

async function isMerging({ system: { files } }: Context, root: string): Promise<boolean> {
  for (const directory of ancestors(root)) {
    const path = join(directory, '.git')
    if (await files.isDirectory(path)) return hasAny(path)
    // In a linked work tree it is a file that names the directory.
    if (!(await files.isFile(path))) continue
    const named = /^gitdir: (.*)$/m.exec((await files.readText(path)) ?? '')?.[1]
    return named ? hasAny(resolve(dirname(path), named)) : false
  }
  return false

  async function hasAny(directory: string): Promise<boolean> {
    for (const name of OPEN) if (await files.isFile(join(directory, name))) return true
    return false
  }
}

const MOST_BYTES = 64 << 20

/** What git printed; `null` when it is missing or refuses. */
async function git(context: Context, root: string, args: string[]): Promise<Buffer | null> {
  const program: Program = { program: 'git', args: ['-C', root, '-c', 'core.fsmonitor=false', ...args], env: {} }
  try {
    const { exit_code, stdout, truncated } = await context.system.processes.bytes(program, MOST_BYTES, context.signal)
    return exit_code === 0 && !truncated ? stdout : null
  } catch {
    return null
  }
}
