/**
 * Versions and specifiers, written from the specification (packaging.python.org, "Version specifiers", once PEP 440)
 * for the checker of locks: it must not share a line with what it checks.
 */

interface Parsed {
  epoch: number
  release: number[]
  pre: [string, number] | null
  post: number | null
  dev: number | null
  local: (string | number)[] | null
}

const FORM =
  /^v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(a|b|c|rc|alpha|beta|pre|preview)[-_.]?(\d*))?(?:-(\d+)|[-_.]?(?:post|rev|r)[-_.]?(\d*))?(?:[-_.]?(dev)[-_.]?(\d*))?(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?$/

const PRE: Record<string, string> = { alpha: 'a', beta: 'b', c: 'rc', pre: 'rc', preview: 'rc' }

function parse(text: string): Parsed {
  const found = FORM.exec(text.trim().toLowerCase())
  if (!found) throw new Error(`no version: ${text}`)
  const [, epoch, release = '', pre, preNumber, implicit, post, dev, devNumber, local] = found
  return {
    epoch: Number(epoch ?? 0),
    release: release.split('.').map(Number),
    pre: pre ? [PRE[pre] ?? pre, Number(preNumber || 0)] : null,
    post: implicit !== undefined ? Number(implicit) : post !== undefined ? Number(post || 0) : null,
    dev: dev ? Number(devNumber || 0) : null,
    local: local ? local.split(/[-_.]/).map((part) => (/^\d+$/.test(part) ? Number(part) : part)) : null,
  }
}

/** Negative when `a` is older. */
export function compareVersions(a: string, b: string): number {
  return compare(parse(a), parse(b))
}

/** Does the version fit every clause? Pre-releases fit wherever they are in the range. */
export function fits(version: string, specifiers: string): boolean {
  const clauses = specifiers.split(',').map((text) => text.trim())
  return clauses.filter(Boolean).every((clause) => fitsOne(version, clause))
}

function fitsOne(text: string, clause: string): boolean {
  const [, operator, operand = ''] = /^(===|~=|==|!=|<=|>=|<|>)\s*(.+)$/.exec(clause) ?? []
  if (operator === '===') return text.toLowerCase() === operand.toLowerCase()
  if (operand.endsWith('.*')) {
    const inside = startsWith(parse(text), parse(operand.slice(0, -2)))
    if (operator === '==') return inside
    if (operator === '!=') return !inside
    throw new Error(`no clause: ${clause}`)
  }
  const [version, wanted] = [parse(text), parse(operand)]
  const open = { ...version, local: null }
  switch (operator) {
    case '==':
      return compare(wanted.local ? version : open, wanted) === 0
    case '!=':
      return compare(wanted.local ? version : open, wanted) !== 0
    case '<=':
      return compare(open, wanted) <= 0
    case '>=':
      return compare(open, wanted) >= 0
    case '~=': {
      const prefix = { ...wanted, release: wanted.release.slice(0, -1), pre: null, post: null, dev: null }
      return compare(open, wanted) >= 0 && startsWith(version, prefix)
    }
    case '<':
      if (compare(version, wanted) >= 0) return false
      return isPre(wanted) || !isPre(version) || compare(base(version), base(wanted)) !== 0
    case '>':
      if (compare(version, wanted) <= 0) return false
      if (wanted.post === null && version.post !== null && compare(base(version), base(wanted)) === 0) return false
      return version.local === null || compare(base(version), base(wanted)) !== 0
    default:
      throw new Error(`no clause: ${clause}`)
  }
}

function isPre(version: Parsed): boolean {
  return version.pre !== null || version.dev !== null
}

function base({ epoch, release }: Parsed): Parsed {
  return { epoch, release, pre: null, post: null, dev: null, local: null }
}

/** Zero-padded prefix of the release, in the same epoch; a prefix with a suffix has to be equal up to there. */
function startsWith(version: Parsed, prefix: Parsed): boolean {
  if (version.epoch !== prefix.epoch) return false
  if (!prefix.release.every((part, at) => (version.release[at] ?? 0) === part)) return false
  if (prefix.pre === null && prefix.post === null && prefix.dev === null) return true
  throw new Error('a prefix with a suffix is not used here')
}

function compare(a: Parsed, b: Parsed): number {
  const parts = Math.max(a.release.length, b.release.length)
  let order = a.epoch - b.epoch
  for (let at = 0; at < parts && order === 0; at += 1) order = (a.release[at] ?? 0) - (b.release[at] ?? 0)
  return order || phase(a, b) || (a.post ?? -1) - (b.post ?? -1) || development(a, b) || locals(a.local, b.local)
}

/** `1.dev1` comes before `1a1`, and both before `1`. */
function phase(a: Parsed, b: Parsed): number {
  const rank = ({ pre, post, dev }: Parsed) => (pre ? 1 : post === null && dev !== null ? 0 : 2)
  if (rank(a) !== rank(b)) return rank(a) - rank(b)
  if (!a.pre || !b.pre) return 0
  return a.pre[0] === b.pre[0] ? a.pre[1] - b.pre[1] : a.pre[0] < b.pre[0] ? -1 : 1
}

function development(a: Parsed, b: Parsed): number {
  const key = ({ dev }: Parsed) => dev ?? Number.POSITIVE_INFINITY
  return key(a) === key(b) ? 0 : key(a) - key(b)
}

function locals(a: Parsed['local'], b: Parsed['local']): number {
  if (!a || !b) return (a ? 1 : 0) - (b ? 1 : 0)
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const [one, other] = [a[at], b[at]]
    if (one === undefined || other === undefined) return one === undefined ? -1 : 1
    if (typeof one !== typeof other) return typeof one === 'number' ? 1 : -1
    if (one !== other) return one < other ? -1 : 1
  }
  return 0
}
