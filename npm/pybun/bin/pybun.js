#!/usr/bin/env node

// Package managers point `pybun` here. It runs the CLI in this process (Windows, read-only installs) and, where it
// may, re-points the command at ./fast.cjs, so that the next call starts no Node. PYBUN_KEEP_BIN=1 keeps the link.
if (process.platform !== 'win32' && !process.env.PYBUN_KEEP_BIN) {
  try {
    relink()
  } catch {
    // The command works as it is, only slower.
  }
}
require('../cli.js')

function relink() {
  const fs = require('node:fs')
  const path = require('node:path')
  const self = fs.realpathSync(__filename)
  const fast = path.join(__dirname, 'fast.cjs')
  for (const directory of directories(self, path)) {
    try {
      point(directory)
    } catch {
      // Not there, not ours or not writable: the next directory.
    }
  }

  function point(directory) {
    const link = path.join(directory, 'pybun')
    const found = fs.lstatSync(link)
    if (found.uid !== process.getuid()) return
    const temporary = `${link}.${process.pid}`
    if (found.isSymbolicLink()) {
      if (fs.realpathSync(link) !== self) return
      fs.symlinkSync(path.relative(fs.realpathSync(directory), fs.realpathSync(fast)), temporary)
    } else {
      const text = shim(fs, path, directory, found, { link, self, fast })
      if (!text) return
      fs.writeFileSync(temporary, text, { mode: 0o755, flag: 'wx' })
    }
    try {
      fs.renameSync(temporary, link)
    } catch {
      fs.unlinkSync(temporary)
    }
  }
}

/** Where the command may be: of local and global installs of npm, yarn, bun and pnpm, and what PATH names. */
function directories(self, path) {
  const store = self.lastIndexOf('/node_modules/.pnpm/')
  const listed = (process.env.PATH || '').split(':').filter((directory) => directory[0] === '/')
  return new Set([
    path.join(__dirname, '../../.bin'),
    path.join(__dirname, '../../../node_modules/.bin'),
    path.join(__dirname, '../../../../bin'),
    path.join(__dirname, '../../../../../bin'),
    ...(store > 0 ? [`${self.slice(0, store)}/node_modules/.bin`] : []),
    ...listed,
  ])
}

/** pnpm's own shim, made to start fast.cjs; it keeps the last line, by which pnpm knows its shims. */
function shim(fs, path, directory, found, { link, self, fast }) {
  if (!found.isFile() || found.size >= 16384 || fast.includes("'")) return null
  const mark = /\n# cmd-shim-target=(.*)\n$/.exec(fs.readFileSync(link, 'utf8'))
  if (!mark || fs.realpathSync(path.resolve(directory, mark[1])) !== self) return null
  return `#!/bin/sh\nexec /bin/sh '${fast}' "$@"${mark[0]}`
}
