/** Hostile clones, made at random from a seed: what a repository, or another user, may have put where PyBun reads or writes. */
import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** A clone on disk, beside files of the user's that nothing may touch. */
export interface Clone {
  /** Holds `project` and `victim`. */
  root: string
  project: string
  /** Written by every program that came with the clone. */
  ran: string
  /** What was put where, for whoever reads a failure. */
  made: string[]
}

export type Random = () => number

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

export function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[Math.floor(random() * choices.length)] as T
}

/** Who nobody is: files can be given away by root alone. */
const STRANGER = 65534
const IS_ROOT = process.getuid?.() === 0

export function makeClone(root: string, random: Random, { minor, links }: { minor: string; links: string }): Clone {
  const at = (path: string) => join(root, path)
  for (const path of ['project', 'victim/.ssh', 'victim/venv/bin']) mkdirSync(at(path), { recursive: true })
  writeFileSync(at('victim/.ssh/id_ed25519'), 'PRIVATE-PART KEY\n')
  writeFileSync(at('victim/.ssh/authorized_keys'), 'ssh-ed25519 PRIVATE-PART\n')
  writeFileSync(at('victim/profile'), 'alias ll=PRIVATE-PART\n')
  const clone: Clone = { root, project: at('project'), ran: at('ran'), made: [] }
  const maker = new Maker(clone, random, minor)
  maker.manifest(links)
  for (const path of PLACES) if (random() < 0.3) maker.something(path)
  if (random() < 0.5) maker.environment()
  if (random() < 0.3) maker.repository()
  if (IS_ROOT && random() < 0.2) maker.giveAway()
  return clone
}

/** Everything in a project that PyBun reads or writes by itself, or that is typed without a thought. */
const PLACES = [
  'pybun.lockb',
  '.python-version',
  '.gitignore',
  '.gitattributes',
  '.pybun/config.toml',
  '.pybun/lock',
  '.pybun/stamp',
  '.pybun/.gitignore',
  '.pybun/venv/pyvenv.cfg',
  '.pybun/venv/pybun-project.json',
  'requirements.txt',
  'uv.lock',
  'poetry.lock',
  'Pipfile',
  'README.md',
  'src',
  'pylock.toml',
  'setup.cfg',
  'tool.py',
]

class Maker {
  readonly clone: Clone
  readonly random: Random
  readonly minor: string

  constructor(clone: Clone, random: Random, minor: string) {
    this.clone = clone
    this.random = random
    this.minor = minor
  }

  /** Mostly one that is understood, so that commands get further. */
  manifest(links: string) {
    const kind = this.random()
    if (kind < 0.05) return this.something('pyproject.toml')
    if (kind < 0.1) return
    const dependencies = pick(this.random, [
      '',
      '"alpha"',
      '"alpha", "beta"',
      '"alpha; platform_version != \'x\\\\n\'"',
    ])
    const python = this.evilName()
    const extra = pick(this.random, [
      '',
      '',
      `python = ${JSON.stringify(python)}\n`,
      'cache-max-size = "0"\ncache-max-age = "0h"\n',
      `cache-dir = ${JSON.stringify(join(this.clone.root, 'victim'))}\n`,
      'keyring-provider = "subprocess"\n',
      'trusted-directories = ["*"]\n',
      'link-mode = "tree"\n',
    ])
    const table = extra || this.random() < 0.3 ? `[tool.pybun]\n${extra}` : ''
    const text = `[project]\nname = "clone"\nversion = "1"\nrequires-python = ">=3.8"\ndependencies = [${dependencies}]\n${table}`
    this.write('pyproject.toml', text)
    this.clone.made.push(`pyproject.toml: ${dependencies} ${extra} (${links})`)
  }

  something(path: string) {
    const { root } = this.clone
    const up = '../'.repeat(path.split('/').length)
    const makers: Record<string, () => void> = {
      'a link to a file of the user': () => this.link(path, `${up}victim/profile`),
      'a link to a key': () => this.link(path, join(root, 'victim/.ssh/authorized_keys')),
      'a link to nothing yet': () => this.link(path, `${up}victim/made`),
      'a link to a directory of the user': () => this.link(path, `${up}victim/.ssh`),
      'a link to itself': () => this.link(path, path.split('/').at(-1) ?? path),
      'a link to a device': () => this.link(path, pick(this.random, ['/dev/zero', '/dev/full', '/dev/random'])),
      'a link to a terminal': () => this.link(path, '/dev/tty'),
      'a pipe': () => this.make(path, (full) => execFileSync('mkfifo', [full])),
      'a directory': () => this.make(path, (full) => mkdirSync(full)),
      'a text': () => this.write(path, this.text(path)),
      'a long file': () => this.write(path, 'x'.repeat(3 << 20)),
      'no text': () => this.write(path, Buffer.from([0, 0xff, 0xfe, 10, 27, 91, 51, 49, 109])),
    }
    const what = this.random() < 0.3 ? 'a text' : pick(this.random, Object.keys(makers))
    makers[what]?.()
    this.clone.made.push(`${path}: ${what}`)
  }

  /** What the file could say that would be to somebody's harm. */
  text(path: string): string {
    const evil = join(this.clone.project, 'evil')
    this.program('evil')
    switch (path) {
      case '.python-version':
        return `${this.evilName()}\n`
      case '.pybun/config.toml':
        return pick(this.random, [`python = "${evil}"\n`, 'cache-dir = "../victim"\n', 'cache-max-size = "0"\n'])
      case 'requirements.txt':
        return pick(this.random, ['-r ../victim/profile\n', '-c ../victim/.ssh/id_ed25519\nalpha\n', 'alpha\n'])
      case '.pybun/stamp':
        return `pybun-stamp 2 0.1.0\nkind project\nsubject ${this.clone.project}\nprogram ${evil}\nend 00\n`
      default:
        return pick(this.random, ['', 'x\n', '\u001b[31m\u202e\n', `${evil}\n`])
    }
  }

  evilName(): string {
    this.program('evil')
    return pick(this.random, ['./evil', join(this.clone.project, 'evil'), 'evil', 'src/../evil', '../project/evil'])
  }

  /** An environment as a repository may have committed it, links in it. */
  environment() {
    const { root } = this.clone
    const venv = '.pybun/venv'
    if (this.random() < 0.2) {
      const to = pick(this.random, ['../../victim/venv', '../../victim', '/tmp'])
      this.link(venv, to)
      this.clone.made.push(`${venv}: a link to ${to}`)
      return
    }
    if (this.random() < 0.15) {
      this.link('.pybun', '../victim/venv')
      this.clone.made.push('.pybun: a link')
      return
    }
    const library = `${venv}/lib/python${this.minor}/site-packages`
    this.program(`${venv}/bin/python`)
    for (const name of ['python3', 'pip', 'alpha', 'tool']) this.program(`${venv}/bin/${name}`)
    this.write(`${venv}/pyvenv.cfg`, `home = /usr/bin\nversion = ${this.minor}.1\npybun = 0.1.0\n`)
    const inside: [string, string][] = [
      [`${library}/alpha`, join(root, 'victim/.ssh')],
      [`${library}/.pybun-journal`, join(root, 'victim/profile')],
      [`${library}/.pybun-journal.new`, join(root, 'victim/profile')],
      [`${library}/.pybun-trees`, join(root, 'victim')],
      [`${venv}/include/site/python${this.minor}`, join(root, 'victim/.ssh')],
      [`${venv}/lib64`, join(root, 'victim')],
      [`${library}/beta-1.0.dist-info`, join(root, 'victim/.ssh')],
    ]
    for (const [path, to] of inside) if (this.random() < 0.4) this.link(path, to)
    const info = `${library}/zeta-1.0.dist-info`
    this.write(`${info}/METADATA`, 'Metadata-Version: 2.1\nName: zeta\nVersion: 1.0\n')
    this.write(`${info}/INSTALLER`, 'pybun\n')
    this.write(
      `${info}/RECORD`,
      `../../../include/site/python${this.minor}/id_ed25519,,\n../../../../../victim/profile,,\n`,
    )
    this.clone.made.push(`${venv}: committed, with links`)
  }

  /** What git reads of a repository: programs in its configuration, and a merge that waits. */
  repository() {
    this.program('evil')
    const evil = join(this.clone.project, 'evil')
    this.write(
      '.git/config',
      `[core]\n\tfsmonitor = ${evil}\n\tsshCommand = ${evil}\n[diff "pybun"]\n\ttextconv = ${evil}\n`,
    )
    this.write('.git/HEAD', 'ref: refs/heads/main\n')
    for (const path of ['objects', 'refs/heads']) mkdirSync(join(this.clone.project, '.git', path), { recursive: true })
    for (const hook of ['post-checkout', 'pre-commit', 'post-index-change']) this.program(`.git/hooks/${hook}`)
    if (this.random() < 0.5) this.write('.git/MERGE_HEAD', `${'0'.repeat(40)}\n`)
    this.clone.made.push('.git: with programs in its configuration')
  }

  /** Another user owns the directory, or a part of it. */
  giveAway() {
    const part = pick(this.random, [
      '',
      'pyproject.toml',
      '.pybun',
      'pybun.lockb',
      '.python-version',
      '.pybun/config.toml',
    ])
    try {
      chownSync(join(this.clone.project, part), STRANGER, STRANGER)
      this.clone.made.push(`another user owns ${part || 'the directory'}`)
    } catch {
      // It is not there, or leads nowhere.
    }
  }

  program(path: string) {
    const text = `#!/bin/sh\necho "$0 $*" >> '${this.clone.ran}'\nexit 1\n`
    this.make(path, (full) => writeFileSync(full, text, { mode: 0o755 }))
    try {
      chmodSync(join(this.clone.project, path), 0o755)
    } catch {
      // Something else is there.
    }
  }

  write(path: string, data: string | Buffer) {
    this.make(path, (full) => writeFileSync(full, data, { flag: 'wx' }))
  }

  link(path: string, to: string) {
    this.make(path, (full) => symlinkSync(to, full))
  }

  /** What came first stays: a place holds one thing. */
  make(path: string, create: (full: string) => void) {
    const full = join(this.clone.project, path)
    // Nothing is made behind a link that was made before.
    if (this.clone.made.some((made) => /a link|a pipe|a text/.test(made) && path.startsWith(`${made.split(':')[0]}/`)))
      return
    try {
      mkdirSync(dirname(full), { recursive: true })
      create(full)
    } catch (error) {
      if (!['EEXIST', 'ENOTDIR', 'EISDIR', 'ELOOP', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? ''))
        throw error
    }
  }
}
