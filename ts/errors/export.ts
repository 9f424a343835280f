import type { Problem } from '../model/problem.ts'

export function badPylockName(path: string): Problem {
  return {
    code: 'export/bad-name',
    message: `${path} cannot be the name of such a lock`,
    hint: 'It is `pylock.toml` or `pylock.NAME.toml`, the name without a dot (PEP 751)',
    context: { path },
  }
}

export function lostInExport(what: string, to: string): Problem {
  return { code: 'export/lost', message: what, context: { to } }
}

export function rootsExclude(first: string, second: string): Problem {
  return {
    code: 'export/conflicting',
    message: `${first} and ${second} are declared to exclude each other, so that there is no file for both`,
    hint: 'Export them one by one',
    context: { first, second },
  }
}

export function badEpoch(value: string): Problem {
  return {
    code: 'export/bad-epoch',
    message: `SOURCE_DATE_EPOCH is \`${value}\`, which is no number of seconds since 1970`,
    context: { value },
  }
}
