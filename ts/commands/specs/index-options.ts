import type { OptionSpec } from '../../model/invocation.ts'

/** What decides which versions are chosen, and where from: for every command that may resolve. */
export const INDEX_OPTIONS: OptionSpec[] = [
  {
    name: 'index',
    kind: 'list',
    value_name: 'NAME=URL',
    summary: 'A named index, asked before the others',
    env: 'PYBUN_INDEX',
  },
  {
    name: 'find-links',
    short: 'f',
    kind: 'list',
    value_name: 'PLACE',
    summary: 'A directory or page that lists files, beside the indexes',
    env: 'PYBUN_FIND_LINKS',
  },
  { name: 'no-index', kind: 'flag', summary: 'Ask no index: only what --find-links lists', env: 'PYBUN_NO_INDEX' },
  {
    name: 'keyring-provider',
    kind: 'value',
    value_name: 'HOW',
    choices: ['disabled', 'subprocess'],
    summary: 'Whether the program `keyring` is asked for passwords',
    env: 'PYBUN_KEYRING_PROVIDER',
  },
  { name: 'refresh', kind: 'flag', summary: 'Ask the indexes again for everything that is kept' },
  {
    name: 'resolution',
    kind: 'value',
    value_name: 'WHICH',
    choices: ['highest', 'lowest', 'lowest-direct'],
    summary: 'Which of the allowed versions to prefer',
    env: 'PYBUN_RESOLUTION',
  },
  {
    name: 'prereleases',
    kind: 'value',
    value_name: 'WHEN',
    choices: ['if-necessary', 'allow', 'disallow'],
    summary: 'Whether pre-releases may be chosen',
    env: 'PYBUN_PRERELEASES',
  },
  { name: 'pre', kind: 'flag', summary: 'The same as --prereleases=allow' },
  {
    name: 'exclude-newer',
    kind: 'value',
    value_name: 'WHEN',
    summary: 'Leave out what was uploaded after a date, or within e.g. "7 days"',
    env: 'PYBUN_EXCLUDE_NEWER',
  },
  {
    name: 'only-binary',
    kind: 'list',
    value_name: 'NAME',
    summary: 'Never build this package; :all: for none',
    env: 'PYBUN_ONLY_BINARY',
  },
  {
    name: 'no-binary',
    kind: 'list',
    value_name: 'NAME',
    summary: 'Never use wheels of this package; :all: for none',
    env: 'PYBUN_NO_BINARY',
  },
  {
    name: 'prefer-binary',
    kind: 'flag',
    summary: 'Take an older version with a wheel before a newer one that has to be built',
    env: 'PYBUN_PREFER_BINARY',
  },
]
