import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

/** Path -> digest of the content (files), target (links). Directories count only when they are empty. */
export type Tree = Map<string, string>

const SHOWN_BYTES = 4000

/** Everything below a sandbox's root but its cache, its state, temporary files and tools. */
export function readTree(root: string): Tree {
  const tree: Tree = new Map()
  walk(root, '', tree)
  return tree
}

/** What differs, one line a file, small text files with their content; an environment is summed up in one line. */
export function describeChanges(root: string, before: Tree, after: Tree, show: string[] = []): string {
  const lines: string[] = []
  for (const path of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    if (before.get(path) === after.get(path) || isInEnvironment(path)) continue
    // The same in every project.
    if (path.endsWith('.pybun/.gitignore') && !show.includes(path)) continue
    const mark = !before.has(path) ? '+' : !after.has(path) ? '-' : '~'
    lines.push(`${mark} ${path}`)
    if (mark !== '-') lines.push(...content(join(root, path), show.includes(path.replace(/^project\//, ''))))
  }
  lines.push(...environments(root, before, after))
  return lines.join('\n')
}

/** Made by tools, and of no interest: bytecode, and the inside of repositories. */
const HIDDEN = ['__pycache__', '.git']

function walk(root: string, below: string, tree: Tree) {
  const entries = readdirSync(join(root, below), { withFileTypes: true })
  if (entries.length === 0 && below !== '' && below !== 'home') tree.set(`${below}/`, 'empty')
  for (const entry of entries) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    if (['tmp', 'bin', 'home/.cache', 'home/.local'].includes(path) || HIDDEN.includes(entry.name)) continue
    if (entry.isDirectory()) walk(root, path, tree)
    else tree.set(path, digest(join(root, path)))
  }
}

function digest(path: string): string {
  if (lstatSync(path).isSymbolicLink()) return `-> ${readlinkSync(path)}`
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

/** Also one that was moved aside. */
const ENVIRONMENT = /^(.*\/)?\.pybun\/venv(\.aside-\d+)?\//

function isInEnvironment(path: string): boolean {
  return ENVIRONMENT.test(path)
}

function content(path: string, always: boolean): string[] {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (!found?.isFile()) return []
  const bytes = readFileSync(path)
  if (/\.pybun\/lock$/.test(path) && !always) return []
  if (bytes.includes(0)) return ['    (binary)']
  if (bytes.length > SHOWN_BYTES && !always) return [`    (${bytes.length} bytes)`]
  const text = bytes.toString('utf8')
  const lines = text
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => `    ${line}`.trimEnd())
  return text === '' ? [] : lines
}

/** `project/.pybun/venv` before and after: distributions and commands that came and went. */
function environments(root: string, before: Tree, after: Tree): string[] {
  const roots = new Set([...before.keys(), ...after.keys()].filter(isInEnvironment).map(environmentOf))
  return [...roots].sort().flatMap((environment) => {
    const was = summary(before, environment)
    const is = summary(after, environment)
    const lines = [...is].filter((item) => !was.has(item)).map((item) => `    + ${item}`)
    lines.push(...[...was].filter((item) => !is.has(item)).map((item) => `    - ${item}`))
    if (lines.length === 0 && was.size === is.size && was.size > 0) return []
    const mark = was.size === 0 ? '+' : is.size === 0 ? '-' : '~'
    const broken = is.size > 0 && !after.has(`${environment}/pyvenv.cfg`) ? [`    ! no pyvenv.cfg in ${root}`] : []
    return [`${mark} ${environment} (environment)`, ...lines.sort(), ...broken]
  })
}

function environmentOf(path: string): string {
  return ENVIRONMENT.exec(path)?.[0].slice(0, -1) ?? path
}

function summary(tree: Tree, environment: string): Set<string> {
  const items = new Set<string>()
  for (const path of tree.keys()) {
    if (!path.startsWith(`${environment}/`)) continue
    const rest = path.slice(environment.length + 1)
    const info = /site-packages\/([^/]+)\.dist-info\//.exec(rest)
    const command = /^(?:bin|Scripts)\/([^/]+)$/.exec(rest)
    if (info?.[1]) items.add(info[1].replace('-', ' '))
    else if (command?.[1] && !/^(python|activate|pydoc|deactivate)/i.test(command[1]))
      items.add(`command ${command[1]}`)
    else if (rest === 'pyvenv.cfg') items.add('pyvenv.cfg')
    else if (/site-packages\/[^/]+\.pth$/.test(rest)) items.add(rest.slice(rest.lastIndexOf('/') + 1))
  }
  return items
}
