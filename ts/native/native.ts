import type { Event } from '../model/event.ts'
import type {
  CacheDamage,
  CacheSize,
  Collected,
  Described,
  EditedManifest,
  Environment,
  GraphScope,
  Imported,
  Interpreter,
  Manifest,
  ManifestEdit,
  Outdated,
  Plan,
  Requirement,
  Requirements,
  Resolution,
  ResolveRequest,
  Script,
  Settings,
  SourceSetting,
  Toml,
  TreeBranch,
  WhyChains,
} from '../model/native.ts'
import type { Program } from '../model/outcome.ts'
import type { Problem } from '../model/problem.ts'

/** The addon as TypeScript sees it: each call either gives its value or fails with the addon's problems. */
export interface Native {
  version(): Promise<string>
  manifestParse(request: { text: string; path: string }): Promise<Manifest>
  manifestEdit(request: { text: string; path: string; edits: ManifestEdit[] }): Promise<EditedManifest>
  tomlParse(request: { text: string; path: string }): Promise<Toml>
  scriptParse(request: { text: string; path: string }): Promise<Script>
  requirementParse(request: { text: string }): Promise<Requirement>
  requirementsRead(request: { paths: string[]; cwd: string; require_hashes?: boolean }): Promise<Requirements>
  pythonFind(request: { cwd: string; cache_dir: string }): Promise<{ interpreters: Interpreter[] }>
  /** Is it something that a project may ask for: versions and implementations, and no program? */
  pythonVersions(request: { text: string }): Promise<{ understood: boolean }>
  pythonChoose(request: PythonRequest): Promise<Interpreter>
  environmentEnsure(request: { path: string; python: string; cache_dir: string }): Promise<Environment>
  /** `given`: the user names it, whoever made it. Else it has to be the one that PyBun made there. */
  environmentRead(request: { path: string; cache_dir: string; given: boolean }): Promise<Environment>
  /** Is there an environment that PyBun made there? */
  environmentKnown(request: { path: string; cache_dir: string }): Promise<{ known: boolean }>
  /** The root of the project around `cwd`; `foreign` where the nearest manifest is another user's. */
  projectFind(request: { cwd: string; admitted: string[] }): Promise<{ root: string | null; foreign?: Problem }>
  /** The text of the nearest `.python-version`. */
  projectPin(request: { start: string; admitted: string[] }): Promise<{ text: string | null }>
  /** The bytes of a file that belongs to the user; `null` where there is none. */
  projectRead(request: { path: string; admitted: string[] }): Promise<Buffer | null>
  /** All or nothing. Below `base` no link is followed, and missing directories are made. */
  fileWrite(request: { base: string; path: string }, data: Uint8Array): Promise<unknown>
  /** Makes the data directory, or fails where somebody else governs it. */
  dataDirectoryEnsure(request: { path: string; admitted: string[] }): Promise<unknown>
  resolve(
    request: ResolveRequest,
    previous: Buffer | null,
    onEvent: (event: Event) => void,
  ): Promise<{ resolution: Resolution; lock: Buffer }>
  sourceDescribe(request: SourceRequest, onEvent: (event: Event) => void): Promise<Described>
  importForeign(request: {
    path: string
    /** The manifest that is to be completed. */
    manifest: string | null
    /** For what nobody said. */
    name: string
    requires_python: string
    /** Names that are listed as required, whether or not something else requires them. */
    required: string[]
  }): Promise<{ imported: Imported; preferences: Buffer }>
  lockDecode(lock: Buffer): Promise<Record<string, unknown>>
  lockCheck(request: ResolveRequest, lock: Buffer): Promise<{ fresh: boolean; reasons: string[] }>
  lockExport(
    request: ExportRequest,
    lock: Buffer,
    onEvent: (event: Event) => void,
  ): Promise<{ text: string; lost: string[] }>
  lockMerge(sides: {
    base: Buffer | null
    ours: Buffer | null
    theirs: Buffer | null
  }): Promise<{ found: number; preferences: Buffer | null }>
  lockOutdated(
    request: ResolveRequest,
    lock: Buffer,
    onEvent: (event: Event) => void,
  ): Promise<{ packages: Outdated[] }>
  lockTree(request: TreeRequest, lock: Buffer): Promise<{ trees: TreeBranch[] }>
  lockWhy(request: { scope: GraphScope; name: string }, lock: Buffer): Promise<WhyChains>
  plan(request: PlanRequest, lock: Buffer): Promise<Plan>
  fetchPlan(request: PlanStep, onEvent: (event: Event) => void): Promise<Fetched>
  applyPlan(request: PlanStep & { verify?: boolean }, onEvent: (event: Event) => void): Promise<null>
  installProject(request: ProjectInstall, onEvent: (event: Event) => void): Promise<{ name: string; version: string }>
  uninstall(request: {
    settings: Settings
    environment: string
    names: string[]
  }): Promise<{ removed: { name: string; version: string }[] }>
  cacheSize(request: { cache_dir: string }): Promise<CacheSize>
  cacheVerify(request: { cache_dir: string; discard: boolean }): Promise<CacheDamage>
  cacheCollect(request: CollectRequest): Promise<Collected>
  /** Links what the store has of an environment's bytecode, and starts a process that makes the rest. */
  bytecodeBeside(request: BytecodeRequest): Promise<unknown>
  /** Is it time for a collection that nobody asked for? Says yes once a day. */
  cacheDue(request: { cache_dir: string }): Promise<boolean>
  stampKey(request: StampKey): Promise<{ key: string }>
  stampWrite(request: StampWrite): Promise<unknown>
  /** The token is `null` when another process holds the directory and nobody `waits`. */
  lockDirectory(request: { path: string; waits: boolean }): Promise<{ token: unknown }>
  unlockDirectory(request: { token: unknown }): Promise<unknown>
  /** Becomes the program on Unix and never returns; gives `null` where that is impossible. */
  exec(program: Program): Promise<null>
}

export interface PythonRequest {
  /** What a person says, who may name a program. */
  request: string | null
  /** What the files of the project say, which may not. */
  project: string | null
  /** The text of `.python-version`. */
  pin: string | null
  requires_python: string | null
  cwd: string
  cache_dir: string
}

export interface SourceRequest {
  settings: Settings
  /** The interpreter that runs its backend when nothing else tells. */
  python: string
  source: SourceSetting
}

export interface PlanRequest {
  settings: Settings
  environment: string
  groups: string[]
  extras: string[]
  reinstall: boolean
  keep_extraneous: boolean
  /** The project's own name: it is installed from its source and not for the plan to remove. */
  project: string | null
  /** Only the groups: neither the project nor what it depends on. */
  without_project?: boolean
  /** An interpreter: `environment` is a plain directory, or does not exist yet. */
  bare?: string
  /** Compare every file with its digest; what was changed is installed again. */
  verify?: boolean
  require_hashes?: boolean
  /** A program starts in the environment right afterwards: who starts it asks for its bytecode. */
  starts_program?: boolean
}

/** What starts next in an environment that has changed. */
export interface BytecodeRequest {
  settings: Settings
  environment: string
  program: string
  args: string[]
}

export interface CollectRequest {
  cache_dir: string
  max_size: string | null
  max_age: string | null
  dry_run: boolean
}

export interface ExportRequest {
  scope: GraphScope
  to: 'requirements' | 'pylock' | 'cyclonedx'
  hashes: boolean
  /** From the directory of the file, with `/`; empty when it is the project's. For `pylock` alone. */
  to_project: string
  settings: Settings
  interpreter: string
  /** Of what, and when (seconds since 1970): for `cyclonedx` alone. */
  subject: { name: string | null; version: string | null; made_at: number | null }
}

export interface TreeRequest {
  scope: GraphScope
  depth: number | null
  invert: boolean
  packages: string[]
}

export interface PlanStep {
  settings: Settings
  plan: Plan['id']
}

export interface Fetched {
  downloaded: number
  built: number
  bytes: number
}

export interface ProjectInstall {
  settings: Settings
  root: string
  environment: string
  python: string
}

/** Names the directory of a script's or a tool's environment. Only what was typed counts; files are watched instead. */
export type StampKey =
  | { kind: 'script'; script: string; python: string | null; configured_by: string | null }
  | {
      kind: 'tool'
      command: string
      from: string | null
      with: string[]
      python: string | null
      index_url: string | null
      extra_index_urls: string[]
      configured_by: string | null
    }

/** The launcher's note that something is ready; the addon adds what it sees at each path. */
export interface StampWrite {
  kind: 'project' | 'script' | 'tool'
  /** Of a script or a tool; a project is known by its root. */
  key: string | null
  /** The project's root, the script's absolute path, or the tool's key. */
  subject: string
  configured_by: string | null
  environment: { root: string; python: string; site_packages: string }
  /** Further files that must stay as they are, or stay away. */
  also?: string[]
  command: { program: string; args: string[]; set: Record<string, string>; unset: string[]; path_prefix: string }
  /** What `pybun install` answers when there is nothing to do; `null` when it must not be short-cut. */
  settled: { text: string; result: Record<string, unknown> } | null
  /** What was decided on; no stamp is written when the file has changed since. */
  unchanged: { path: string; text: string } | null
}
