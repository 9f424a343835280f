/** Values as they cross the addon boundary. Keys are snake_case there and stay so here. */

export interface Settings {
  cache_dir: string
  /** `null`: the addon applies the environment, pip's configuration, then the default. */
  index_url: string | null
  extra_index_urls: string[]
  /** Asked in this order before the two above; one with `default` is asked in place of `index_url`. */
  indexes: IndexSetting[]
  /** The name of the only index that is asked for a package, by package. */
  index_of: Record<string, string>
  /** URLs, paths, or directories whose files are candidates beside those of the indexes. */
  find_links: string[]
  /** Ask no index at all. */
  no_index: boolean
  /** Ask the program `keyring` for passwords. */
  keyring: boolean
  /** An index or a page comes from the project's own files, which may be a stranger's. */
  project_chose_index: boolean
  /** What the user named, outside of any project: only these hosts get credentials that no URL states. */
  user_urls: string[]
  offline: boolean
  refresh: boolean
  link_mode?: string
  compile_bytecode?: string
  cwd: string
  /** Of the project at hand, where the relative paths of its lock begin; unset outside of projects. */
  root?: string
  /** The URLs of its requirements that hold credentials: a lock holds none. */
  credentials?: string[]
}

/** One `[[tool.pybun.index]]`. */
export interface IndexSetting {
  /** `null` for a bare URL of the command line. */
  name: string | null
  url: string
  /** Asked only for the packages that are assigned to it. */
  explicit: boolean
  /** Asked last, in place of the public index. */
  default: boolean
}

/** One entry of `[tool.pybun.sources]`: exactly one of `index`, `git`, `path` and `url` is there. */
export interface SourceSetting {
  index?: string
  git?: string
  path?: string
  url?: string
  tag?: string
  branch?: string
  rev?: string
  subdirectory?: string
  editable?: boolean
}

export type ConflictItem = { extra: string } | { group: string }

export interface Manifest {
  name: string | null
  version: string | null
  requires_python: string | null
  dependencies: string[]
  optional_dependencies: Record<string, string[]>
  dependency_groups: Record<string, string[]>
  scripts: Record<string, string>
  build_backend: string | null
  build_requires: string[]
  has_project: boolean
  has_build_system: boolean
  tool_pybun: Record<string, unknown> | null
  positions: Positions
}

export type Positions = Record<string, { line: number; column: number }>

export type ManifestEdit =
  | { kind: 'add'; requirement: string; table: Table['table']; table_name?: string }
  | { kind: 'remove'; name: string; table: Table['table']; table_name?: string }
  | { kind: 'set-source'; name: string; entry: SourceSetting }
  | { kind: 'remove-source'; name: string }

/** Where in a manifest requirements stand. */
export interface Table {
  table: 'project' | 'group' | 'extra'
  table_name?: string
}

export interface EditedManifest {
  text: string
  removed: string[]
  added: string[]
}

export interface Toml {
  value: Record<string, unknown>
  positions: Positions
}

/** The inline metadata of a script (PEP 723). */
export interface Script {
  found: boolean
  requires_python: string | null
  dependencies: string[]
  tool_pybun: Record<string, unknown> | null
}

export interface Requirement {
  name: string
  extras: string[]
  specifier: string
  url: string | null
  marker: string | null
}

/** What lies in a directory, an archive or a repository. */
export interface Described {
  name: string
  version: string
  /** With which it is required, `name @ url`. */
  url: string
}

export interface Requirements {
  requirements: string[]
  /** What is named by its place alone, perhaps with extras and a marker. */
  sources: { text: string; editable: boolean; path: string; line: number }[]
  constraints: string[]
  hashes: Record<string, string[]>
  index_url: string | null
  extra_index_urls: string[]
  find_links: string[]
  no_index: boolean
  no_binary: string[]
  only_binary: string[]
  prefer_binary: boolean
  /** Pre-releases may be chosen. */
  pre: boolean
}

export interface Interpreter {
  path: string
  version: string
  implementation: string
  prefix: string
  platform: string
  origin: string
}

export interface Environment {
  path: string
  python: string
  version: string
  site_packages: string
  created: boolean
  /** Where what lay there went, which PyBun had not made. */
  moved_aside?: string | null
  /** Not an environment yet or at all: a directory, and the interpreter that its packages are for. */
  bare?: true
}

export interface Root {
  requirements: string[]
  group?: string
  extra?: string
}

export interface ResolveRequest {
  settings: Settings
  roots: Root[]
  constraints: string[]
  hashes?: Record<string, string[]>
  requires_python: string | null
  python: string
  target: 'universal' | 'machine'
  resolution: 'highest' | 'lowest' | 'lowest-direct'
  prereleases: 'if-necessary' | 'allow' | 'disallow'
  upgrade: boolean
  upgrade_packages: string[]
  /** Names that the command is about to add to a list of the manifest. */
  adding?: Root
  /** The project's own name: what it requires of itself with extras are its own extras. */
  name?: string | null
  /** The project itself is installed, so that whoever requires its name has it. */
  is_package?: boolean
  overrides?: string[]
  /** Names of projects that are never installed, whoever requires them. */
  excludes?: string[]
  /** Markers: the lock is for these environments only. */
  environments?: string[]
  /** Markers: each must find a file of every package that it needs. */
  required_environments?: string[]
  /** At most one of each inner list may be active. */
  conflicts?: ({ extra: string } | { group: string })[][]
  /** A date or an instant (RFC 3339): files uploaded later do not exist. */
  exclude_newer?: string | null
  /** Names of projects, or `:all:`. */
  no_binary?: string[]
  /** Names of projects, or `:all:`. */
  only_binary?: string[]
  /** An older version with a wheel before a newer one without. */
  prefer_binary?: boolean
  /** Places of requirements that name only a project. */
  sources?: Record<string, SourceSetting>
  /** The one index of a project, by name. */
  indexes?: Record<string, string>
  /** Projects whose directory is linked and not copied. */
  editables?: string[]
  /** For a check of a lock that is only read: what nobody states now, and is as the lock has it. */
  unsaid?: ResolutionOption[]
}

export type ResolutionOption =
  | 'resolution'
  | 'prereleases'
  | 'exclude-newer'
  | 'no-binary'
  | 'only-binary'
  | 'prefer-binary'

export interface Resolution {
  packages: { name: string; version: string }[]
  changes: Change[]
}

export interface Change {
  name: string
  from: string | null
  to: string | null
}

export interface Plan {
  id: string | number
  ops: Op[]
  /** Nothing is left to do. */
  settled: boolean
}

export interface CacheSize {
  total: number
  store: number
  /** What the store would take if every wheel had its own files. */
  unshared: number
  wheels: number
  in_use: number
  answers: number
  builds: number
  logs: number
  environments: number
}

export interface CacheDamage {
  wheels: number
  damaged: { wheel: string; files: { path: string; damage: 'missing' | 'changed' | 'added' }[] }[]
  discarded: boolean
}

export interface Collected {
  /** Another process was at it, so that nothing was done. */
  busy: boolean
  before: number
  after: number
  freed: number
  in_use: number
  removed: { kind: 'wheel' | 'answer' | 'build' | 'log' | 'rest'; name: string; bytes: number }[]
}

export interface Op {
  op: 'install' | 'replace' | 'remove' | 'keep'
  name: string
  version: string
  from: string | null
  file: string | null
  size: number | null
}

/** One of the lists of requirements that a lock was made from. */
export type LockRoot = { kind: 'project' } | { kind: 'extra'; name: string } | { kind: 'group'; name: string }

/** Which part of a lock is looked at. */
export interface GraphScope {
  /** `null`: every root of the lock. */
  roots: LockRoot[] | null
  /** The interpreter for which markers are evaluated; `null`: for everything that the lock is for. */
  python: string | null
  project: string | null
  /** Every root counts, also those that exclude each other. */
  one_by_one: boolean
  cwd: string
  cache_dir: string
}

/** One line of a tree, and what is below it. */
export interface TreeBranch {
  kind: 'package' | LockRoot['kind']
  name: string | null
  version: string | null
  extras: string[]
  /** Of the project, where the line is what the project itself requires. */
  requirement: string | null
  marker: string | null
  because_of_extra: string | null
  cycle: boolean
  /** What is below it was shown before. */
  repeated: boolean
  /** What is below it is too deep to be shown. */
  cut: boolean
  below: TreeBranch[]
}

/** Why a lock has a package: from requirements of the project to it. */
export interface WhyChains {
  name: string
  versions: string[]
  /** Every name in the lock, where this one is not among them. */
  known: string[]
  more: boolean
  chains: {
    root: { kind: LockRoot['kind']; name: string | null }
    requirement: string
    steps: {
      name: string
      version: string
      extras: string[]
      because_of_extra: string | null
      marker: string | null
    }[]
  }[]
}

/** A project in a lock of which the index has something newer, or that should not be used any more. */
export interface Outdated {
  name: string
  /** Several where the lock is split. */
  current: string[]
  /** What `pybun upgrade` would come to. */
  in_range: string[]
  newest: string
  required_by: { kind: LockRoot['kind']; name: string | null }[]
  /** Why the locked version was withdrawn, if it was. */
  yanked: string | null
  /** `archived`, `quarantined` or `deprecated` (PEP 792). */
  status: string | null
  held_back_by: {
    kind: LockRoot['kind'] | 'package' | 'constraint' | 'override' | 'python'
    name: string | null
    version: string | null
    requirement: string
  }[]
}

/** What another tool kept of a project. */
export interface Imported {
  kind: 'requirements' | 'poetry' | 'uv' | 'pipfile' | 'pylock'
  /** The text of `pyproject.toml`, completed. */
  manifest: string
  requirements: number
  pins: { name: string; version: string }[]
  /** What could not be carried over. */
  lost: string[]
  /** Where something comes from, and cannot be said in the manifest. */
  unplaced: string[]
}
