/** Everything that installers put into an environment. */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

export interface Entry {
  kind: 'file' | 'directory' | 'link'
  /** Octal, without the kind. */
  mode: string
  /** Bytes as Latin-1; where a link leads to; the number of a directory's entries is no part of it. */
  content: string
}

export type Tree = Map<string, Entry>

/** What the environment is made of before anything is installed, and what running Python adds. */
const ENVIRONMENT =
  /^(pyvenv\.cfg|\.gitignore|lib64|bin\/(python[\d.]*|activate.*|Activate\.ps1|deactivate.*|pydoc.*)|include\/python[\d.]*)$/

export function treeOf(root: string): Tree {
  const tree: Tree = new Map()
  const walk = (inside: string) => {
    for (const name of readdirSync(join(root, inside))) {
      const path = inside ? `${inside}/${name}` : name
      if (name === '__pycache__' || ENVIRONMENT.test(path)) continue
      const full = join(root, path)
      const found = lstatSync(full)
      const mode = (found.mode & 0o7777).toString(8)
      if (found.isDirectory()) {
        tree.set(path, { kind: 'directory', mode, content: '' })
        walk(path)
      } else if (found.isSymbolicLink()) tree.set(path, { kind: 'link', mode, content: readlinkSync(full) })
      else tree.set(path, { kind: 'file', mode, content: readFileSync(full, 'latin1') })
    }
  }
  walk('')
  return tree
}

/** Path -> digest and size, of a RECORD. Some wheels write algorithms in capitals and digests in hexadecimal. */
export function parseRecord(text: string): Map<string, string> {
  const rows = new Map<string, string>()
  for (const line of text.split(/\r?\n/).filter(Boolean)) {
    const [, path = '', digest = '', size = ''] = /^("(?:[^"]|"")*"|[^,]*),([^,]*),([^,]*)$/.exec(line) ?? [line]
    const [algorithm = '', value = ''] = digest.split(/=(.*)/)
    const bytes = Buffer.from(value, /^[0-9a-f]{64}$/i.test(value) ? 'hex' : 'base64url').toString('hex')
    const name = path.startsWith('"') ? path.slice(1, -1).replaceAll('""', '"') : path
    rows.set(name, `${algorithm.toLowerCase()} ${bytes} ${size}`)
  }
  return rows
}
