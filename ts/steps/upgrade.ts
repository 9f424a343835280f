import { noTerminal } from '../errors/cli.ts'
import { fail } from '../errors/failure.ts'
import { MOVES, notInLock } from '../errors/lock.ts'
import type { Change } from '../model/native.ts'
import type { Context } from './context.ts'
import { describeSync, shortPath } from './describe.ts'
import { ensureProjectEnvironment } from './environment.ts'
import { exclusive } from './exclusive.ts'
import { lockOf } from './graph.ts'
import { loadProject, type ProjectPlace } from './load.ts'
import { changeLines, interpreterOf } from './lock.ts'
import { normalised } from './own.ts'
import { type Locked, lockProject, type Upgrade } from './resolve.ts'
import { type Choice, select, syncProject } from './sync.ts'

export interface UpgradeWish {
  /** `NAME` or `NAME==VERSION`; none for all. */
  packages: string[]
  dry_run: boolean
  interactive: boolean
  choice: Choice
}

/** Moves lock and environment to newer versions, within what the manifest allows. */
export async function upgradeProject(context: Context, wish: UpgradeWish) {
  const { tty } = context.system
  if (wish.interactive && !(tty.stdin && tty.stderr && context.format === 'text')) {
    fail(noTerminal('pybun upgrade --interactive', ['pybun', 'upgrade', '--dry-run']))
  }
  const first = await loadProject(context)
  select(first.project.manifest, wish.choice)
  return exclusive(context, first.project.root, async () => {
    const place = await loadProject(context)
    await checkLocked(context, place, wish.packages)
    const python = wish.dry_run
      ? await interpreterOf(context, place)
      : (await ensureProjectEnvironment(context, place)).python
    const everything = { all: wish.packages.length === 0, packages: wish.packages }
    const found = await resolved(context, place, python, everything)
    const locked = wish.interactive ? await picked(context, place, python, found) : found
    const moves = locked.changes
    if (wish.dry_run)
      return { result: { moves, dry_run: true, installed: null }, summary: announcement(moves, 'Would') }
    if (moves.length) {
      const message = announcement(moves, 'Will').join('\n')
      context.emit({ kind: 'note', code: MOVES, message, loud: true })
    }
    const synced = await syncProject(context, place, wish.choice, locked)
    const { result, summary } = describeSync(context, place, synced)
    const nothing = moves.length ? [] : ['Everything is as new as pyproject.toml allows']
    return { result: { moves, dry_run: false, installed: result }, summary: [...nothing, ...summary] }
  })
}

async function resolved(context: Context, { project, ...place }: ProjectPlace, python: string, upgrade: Upgrade) {
  return lockProject(context, { ...place, project }, { manifest: project.manifest, python, upgrade })
}

/** What could move, and of that what the person in front of us wants. */
async function picked(context: Context, place: ProjectPlace, python: string, found: Locked): Promise<Locked> {
  const choices = found.changes.flatMap(({ name, from, to }) =>
    from === null || to === null ? [] : [{ value: name, label: `${name} ${from} -> ${to}` }],
  )
  if (choices.length === 0) return found
  const names = await context.system.prompts.several({ message: 'Which are to move?', choices })
  // Everything but the chosen keeps its version, as far as the chosen allow.
  if (names.length === choices.length) return found
  const none = { all: false, packages: [] }
  return resolved(context, place, python, names.length ? { all: false, packages: names } : none)
}

async function checkLocked(context: Context, place: ProjectPlace, packages: string[]): Promise<void> {
  if (packages.length === 0) return
  const { packages: locked } = (await context.native.lockDecode(await lockOf(context, place))) as {
    packages: { name: string }[]
  }
  const known = locked.map(({ name }) => name)
  for (const text of packages) {
    const name = normalised((await context.native.requirementParse({ text })).name)
    if (!known.includes(name)) fail(notInLock(name, shortPath(context, place.project.lock_path), known))
  }
}

function announcement(moves: Change[], verb: 'Would' | 'Will'): string[] {
  if (moves.length === 0) return ['Everything is as new as pyproject.toml allows']
  return [`${verb} change ${moves.length === 1 ? '1 package' : `${moves.length} packages`}:`, ...changeLines(moves)]
}
