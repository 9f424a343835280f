import { LINK_MODES } from '../model/link-modes.ts'
import type { ConflictItem, IndexSetting, SourceSetting } from '../model/native.ts'

/** One setting: how it is called at each place it may be given, and what it must be. */
export interface SettingSpec {
  key: SettingKey
  /** The command line option, where there is one. Another flag may give one value: `opposite`. */
  option?: string
  opposite?: { option: string; value: string }
  variable?: string
  type: SettingType
  choices?: string[]
  /** What true and false mean where they are choices, too. */
  booleans?: Record<'true' | 'false', string>
  /** Every place adds to what the places behind it say, instead of hiding them. */
  merged?: true
  /** What the files of a project may say, where that is not anything that a person may. */
  projects?: ProjectRule
  summary: string
}

/** A clone is a stranger's: it has a say in itself, not in what all projects share and not in which program is started. */
export interface ProjectRule {
  may: 'nothing' | 'versions'
  because: string
}

const SHARED: ProjectRule = { may: 'nothing', because: 'it governs what all projects share' }

export type SettingType =
  | 'string'
  | 'strings'
  | 'boolean'
  | 'path'
  | 'choice'
  | 'requirements'
  | 'markers'
  | 'names'
  /** Names, `:all:` or `:none:`, as pip takes them. */
  | 'selection'
  /** A date, a point in time or a duration. */
  | 'moment'
  /** URLs, paths, or pages that list files. */
  | 'places'
  /** Directories of this machine; `*` is all of them. */
  | 'directories'
  | 'indexes'
  | 'sources'
  | 'conflicts'

export type SettingKey =
  | 'index-url'
  | 'extra-index-url'
  | 'index'
  | 'sources'
  | 'find-links'
  | 'no-index'
  | 'keyring-provider'
  | 'python'
  | 'cache-dir'
  | 'trusted-directories'
  | 'offline'
  | 'link-mode'
  | 'compile-bytecode'
  | 'cache-max-size'
  | 'cache-max-age'
  | 'progress'
  | 'resolution'
  | 'prereleases'
  | 'exclude-newer'
  | 'only-binary'
  | 'no-binary'
  | 'prefer-binary'
  | 'constraints'
  | 'overrides'
  | 'excludes'
  | 'environments'
  | 'required-environments'
  | 'conflicts'

export type SettingValue =
  | string
  | string[]
  | boolean
  | null
  | IndexSetting[]
  | Record<string, SourceSetting>
  | ConflictItem[][]

export const SETTINGS: SettingSpec[] = [
  {
    key: 'index-url',
    option: 'index-url',
    variable: 'PYBUN_INDEX_URL',
    type: 'string',
    summary: "The package index (Simple API, PEP 503/691); unset: pip's own configuration, then the public index",
  },
  {
    key: 'extra-index-url',
    option: 'extra-index-url',
    variable: 'PYBUN_EXTRA_INDEX_URL',
    type: 'strings',
    summary: 'Further indexes, asked before the package index',
  },
  {
    key: 'index',
    option: 'index',
    variable: 'PYBUN_INDEX',
    type: 'indexes',
    merged: true,
    summary: 'Named indexes, asked before the others; `explicit`: only for what `sources` assigns; `default`: the last',
  },
  {
    key: 'sources',
    type: 'sources',
    merged: true,
    summary: 'Where a package comes from: a named index, a git repository, a path or a URL',
  },
  {
    key: 'find-links',
    option: 'find-links',
    variable: 'PYBUN_FIND_LINKS',
    type: 'places',
    summary: 'Directories and pages that list files, beside the indexes',
  },
  {
    key: 'no-index',
    option: 'no-index',
    variable: 'PYBUN_NO_INDEX',
    type: 'boolean',
    summary: 'Ask no index: only what find-links lists',
  },
  {
    key: 'keyring-provider',
    option: 'keyring-provider',
    variable: 'PYBUN_KEYRING_PROVIDER',
    type: 'choice',
    choices: ['disabled', 'subprocess'],
    projects: { may: 'nothing', because: 'it starts a program that knows your passwords' },
    summary: 'Whether the program `keyring` is asked for the password of an index whose URL names a user',
  },
  {
    key: 'python',
    option: 'python',
    variable: 'PYBUN_PYTHON',
    type: 'string',
    projects: { may: 'versions', because: 'what is named is started' },
    summary: 'The interpreter: a version (3.12), a specifier (>=3.11) or a path',
  },
  {
    key: 'cache-dir',
    option: 'cache-dir',
    variable: 'PYBUN_CACHE_DIR',
    type: 'path',
    projects: SHARED,
    summary: 'Where everything that PyBun shares between projects is kept',
  },
  {
    key: 'trusted-directories',
    variable: 'PYBUN_TRUSTED_DIRECTORIES',
    type: 'directories',
    projects: { may: 'nothing', because: 'whom to trust is not theirs to say' },
    summary: 'Directories of other users whose projects count as your own; `*`: all',
  },
  {
    key: 'offline',
    option: 'offline',
    variable: 'PYBUN_OFFLINE',
    type: 'boolean',
    summary: 'Never use the network',
  },
  {
    key: 'link-mode',
    option: 'link-mode',
    variable: 'PYBUN_LINK_MODE',
    type: 'choice',
    choices: LINK_MODES,
    summary: 'How files get from the store into environments; auto: the first of the next three that works',
  },
  {
    key: 'compile-bytecode',
    option: 'compile-bytecode',
    variable: 'PYBUN_COMPILE_BYTECODE',
    type: 'choice',
    choices: ['background', 'always', 'never'],
    booleans: { true: 'always', false: 'never' },
    summary: 'When bytecode comes: after the command, as a part of the installation, or from Python alone',
  },
  {
    key: 'cache-max-size',
    variable: 'PYBUN_CACHE_MAX_SIZE',
    type: 'string',
    projects: SHARED,
    summary: 'What nothing uses goes when the data directory is larger (500MB, 10GB)',
  },
  {
    key: 'cache-max-age',
    variable: 'PYBUN_CACHE_MAX_AGE',
    type: 'string',
    projects: SHARED,
    summary: 'What nothing has used for so long goes (12h, 90d)',
  },
  {
    key: 'progress',
    option: 'progress',
    opposite: { option: 'no-progress', value: 'never' },
    variable: 'PYBUN_PROGRESS',
    type: 'choice',
    choices: ['auto', 'always', 'never'],
    summary: 'Whether progress is shown',
  },
  {
    key: 'resolution',
    option: 'resolution',
    variable: 'PYBUN_RESOLUTION',
    type: 'choice',
    choices: ['highest', 'lowest', 'lowest-direct'],
    summary: 'Which of the allowed versions the resolver prefers',
  },
  {
    key: 'prereleases',
    option: 'prereleases',
    opposite: { option: 'pre', value: 'allow' },
    variable: 'PYBUN_PRERELEASES',
    type: 'choice',
    choices: ['if-necessary', 'allow', 'disallow'],
    summary: 'Whether pre-releases may be chosen',
  },
  {
    key: 'exclude-newer',
    option: 'exclude-newer',
    variable: 'PYBUN_EXCLUDE_NEWER',
    type: 'moment',
    summary: 'Leave out files uploaded after a date (UTC, the day included), a point in time or e.g. the last `7 days`',
  },
  {
    key: 'only-binary',
    option: 'only-binary',
    variable: 'PYBUN_ONLY_BINARY',
    type: 'selection',
    summary: 'Packages that are never built: names, or :all:',
  },
  {
    key: 'no-binary',
    option: 'no-binary',
    variable: 'PYBUN_NO_BINARY',
    type: 'selection',
    summary: 'Packages whose wheels are never used: names, or :all:',
  },
  {
    key: 'prefer-binary',
    option: 'prefer-binary',
    variable: 'PYBUN_PREFER_BINARY',
    type: 'boolean',
    summary: 'Whether an older version with a wheel is taken before a newer one that has to be built',
  },
  {
    key: 'constraints',
    type: 'requirements',
    summary: 'Requirements that narrow the versions of packages, and add none',
  },
  {
    key: 'overrides',
    type: 'requirements',
    summary: 'Requirements that replace whatever any package says about the same name',
  },
  { key: 'excludes', type: 'names', summary: 'Packages that are left out, whoever requires them' },
  {
    key: 'environments',
    type: 'markers',
    summary: 'The only environments to resolve for, as markers that exclude each other',
  },
  {
    key: 'required-environments',
    type: 'markers',
    summary: 'Environments for which every package must have a file that fits',
  },
  {
    key: 'conflicts',
    type: 'conflicts',
    summary: 'Sets of extras and groups of which at most one is installed at a time',
  },
]
