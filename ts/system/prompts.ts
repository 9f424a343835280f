import { confirm, isCancel, multiselect, select, text } from '@clack/prompts'
import { interrupted } from '../errors/cli.ts'
import { fail } from '../errors/failure.ts'
import type { Prompts } from './system.ts'

/** Questions go to stderr: stdout is for the result alone. */
const output = process.stderr

export const prompts: Prompts = {
  async text({ message, initial, check }) {
    const validate = (answer: string | undefined) => check(answer || initial) ?? undefined
    return answered(await text({ message, placeholder: initial, defaultValue: initial, validate, output }))
  },
  async select({ message, choices }) {
    return answered(await select({ message, options: choices, output }))
  },
  async several({ message, choices }) {
    return answered(await multiselect({ message, options: choices, required: false, output }))
  },
  async confirm({ message, initial }) {
    return answered(await confirm({ message, initialValue: initial, output }))
  },
}

function answered<T>(answer: T): Exclude<T, symbol> {
  return isCancel(answer) ? fail(interrupted()) : (answer as Exclude<T, symbol>)
}
