/** One setting: how it is called at each place it may be given, and what it must be. */
export interface SettingSpec {
  key: SettingKey
  /** The command line option. A flag may have an opposite that gives `opposite_value`. */
  option: string
  opposite?: { option: string; value: string }
  variable: string
  type: 'string' | 'strings' | 'boolean' | 'path' | 'choice'
  choices?: string[]
  summary: string
}

export type SettingKey =
  | 'index-url'
  | 'extra-index-url'
  | 'python'
  | 'cache-dir'
  | 'offline'
  | 'progress'
  | 'resolution'
  | 'prereleases'

export type SettingValue = string | string[] | boolean | null

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
    key: 'python',
    option: 'python',
    variable: 'PYBUN_PYTHON',
    type: 'string',
    summary: 'The interpreter: a version (3.12), a specifier (>=3.11) or a path',
  },
  {
    key: 'cache-dir',
    option: 'cache-dir',
    variable: 'PYBUN_CACHE_DIR',
    type: 'path',
    summary: 'Where everything that PyBun shares between projects is kept',
  },
  {
    key: 'offline',
    option: 'offline',
    variable: 'PYBUN_OFFLINE',
    type: 'boolean',
    summary: 'Never use the network',
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
    variable: 'PYBUN_PRERELEASES',
    type: 'choice',
    choices: ['if-necessary', 'allow', 'disallow'],
    summary: 'Whether pre-releases may be chosen',
  },
]
