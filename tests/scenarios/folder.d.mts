/** The folder of the scenarios, whether it is there or not. */
export const SCENARIOS: string

/** Why they cannot be run; `null` when they can. */
export function missing(): string | null
