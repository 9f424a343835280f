/** One archive of the corpus and what becomes of it. */
export interface Row {
  about: string
  outcome: Outcome
  make(at: Made): Buffer
  /** Another file name than that of a sound distribution. */
  filename?: (at: Made) => string
  /** The index states no metadata, so that it is cut out of the archive. */
  bare?: true
  /** Further arguments of the installation. */
  args?: string[]
  /** It is right by itself, so that it stays in the store although no environment takes it. */
  kept?: true
  /** Other distributions that stand in the environment before. */
  beside?: string[]
}

/** Refused with a code of the catalogue, or installed without harm, for a reason. */
export type Outcome =
  | { code: string }
  | {
      harmless: string
      /** Paths below the library that are there afterwards, with their content when it is given. */
      has?: Record<string, string | null>
    }

/** What an archive is made for. */
export interface Made {
  /** The name of the project, version 1.0. */
  name: string
  /** The same as it stands in file names. */
  escaped: string
  /** `<escaped>-1.0` */
  stem: string
  /** A directory beside the project that belongs to somebody else. */
  outside: string
}

export const refused = (code: string): Outcome => ({ code })
export const harmless = (reason: string, has?: Record<string, string | null>): Outcome =>
  has ? { harmless: reason, has } : { harmless: reason }

/** `paths that leave: ..` -> `paths-that-leave` */
export function projectName(kind: string, index: number): string {
  return `${kind}-${String(index + 1).padStart(3, '0')}`
}
