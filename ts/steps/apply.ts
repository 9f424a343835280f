import type { Environment, Op, Plan } from '../model/native.ts'
import type { PlanRequest } from '../native/native.ts'
import { collectWhenDue } from './cache.ts'
import type { Context } from './context.ts'
import type { Place } from './load.ts'

/** What an environment went through, as the results of commands show it. */
export interface Applied {
  changes: { op: Exclude<Op['op'], 'keep'>; name: string; version: string; from: string | null }[]
  kept: number
  downloaded: number
  built: number
  bytes: number
}

export type Selection = Pick<
  PlanRequest,
  | 'groups'
  | 'extras'
  | 'reinstall'
  | 'keep_extraneous'
  | 'project'
  | 'without_project'
  | 'verify'
  | 'require_hashes'
  | 'starts_program'
>

export const EVERYTHING: Selection = {
  groups: [],
  extras: [],
  reinstall: false,
  keep_extraneous: false,
  project: null,
}

/** The difference between a lock and an environment. Changes nothing. */
export async function plan(
  context: Context,
  place: Place,
  wish: { environment: Environment; lock: Buffer; selection: Selection },
): Promise<Plan> {
  const { environment, selection } = wish
  const bare = environment.bare ? { bare: environment.python } : {}
  const request = { settings: place.settings, environment: environment.path, ...bare, ...selection }
  return context.native.plan(request, wish.lock)
}

/** Brings everything that a plan needs into the store. Safe to repeat. */
export async function fetch(context: Context, place: Place, wanted: Plan): Promise<Omit<Applied, 'changes' | 'kept'>> {
  if (wanted.settled) return { downloaded: 0, built: 0, bytes: 0 }
  return context.native.fetchPlan({ settings: place.settings, plan: wanted.id }, context.emit)
}

/** Makes the environment what the plan says. */
export async function apply(
  context: Context,
  place: Place,
  wanted: Plan,
  fetched: Omit<Applied, 'changes' | 'kept'>,
  verify = false,
): Promise<Applied> {
  if (!wanted.settled) {
    await context.native.applyPlan({ settings: place.settings, plan: wanted.id, verify }, context.emit)
    await collectWhenDue(context, place)
  }
  return asApplied(wanted, fetched)
}

/** Something was installed, and not only taken away. */
export function bringsAny({ changes }: Applied): boolean {
  return changes.some(({ op }) => op !== 'remove')
}

/** The same as if it had been applied. */
export function asApplied(wanted: Plan, fetched: Omit<Applied, 'changes' | 'kept'>): Applied {
  return { changes: changesOf(wanted), kept: wanted.ops.length - changesOf(wanted).length, ...fetched }
}

function changesOf(wanted: Plan): Applied['changes'] {
  return wanted.ops.flatMap(({ op, name, version, from }) => (op === 'keep' ? [] : [{ op, name, version, from }]))
}
