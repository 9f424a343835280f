/** Environments made by PyBun and by pip from the same versions, file by file: names, modes and content. */
import { execFileSync } from 'node:child_process'
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { PYBUN } from '../cli/harness/sandbox.ts'

/** Scripts, headers, namespaces, extensions, data files, programs and very plain ones. */
const NAMES =
  'flask greenlet jupyterlab-widgets zope.interface google-cloud-core pywin32-ctypes setuptools ruff certifi pyyaml'

/** What differs on purpose. */
const OURS = /\.dist-info\/(INSTALLER|RECORD|REQUESTED|\.pybun-wheel)$/
/** Of the environment itself, not of a package. */
const ENVIRONMENT = /^(pyvenv\.cfg|\.gitignore|bin\/(activate.*|Activate\.ps1|deactivate.*|pydoc.*))$/

test('the files are those that pip installs', () => {
  const root = mkdtempSync(join(tmpdir(), 'pybun-equality-'))
  try {
    writeFileSync(join(root, 'requirements.txt'), NAMES.split(' ').join('\n'))
    const env = { ...process.env, PYBUN_HOME: join(root, 'home') }
    const run = (program: string, args: string[]) => execFileSync(program, args, { cwd: root, env, encoding: 'utf8' })
    run(PYBUN, ['install', '-r', 'requirements.txt'])
    const ours = join(root, '.pybun', 'venv')
    const python = join(ours, 'bin', 'python')
    const list = 'import importlib.metadata as m\nfor d in m.distributions(): print(f"{d.name}=={d.version}")'
    writeFileSync(join(root, 'same.txt'), run(python, ['-c', list]))
    const base = run(python, ['-c', 'import os, sys; print(os.path.realpath(sys.executable))']).trim()
    // At a path of the same length in the same place, so that first lines of scripts are alike but for it.
    const pips = join(root, '.pipxx', 'venv')
    run(base, ['-m', 'venv', '--without-pip', pips])
    const install = ['install', '--quiet', '--no-compile', '--no-deps', '-r', 'same.txt']
    run(base, ['-m', 'pip', '--python', join(pips, 'bin', 'python'), ...install])
    const [a, b] = [tree(ours), tree(pips)]
    expect(a.size).toBeGreaterThan(1000)
    const different = [...new Set([...a.keys(), ...b.keys()])].filter((path) => a.get(path) !== b.get(path)).sort()
    expect(different.filter((path) => !isCommand(path, a, b))).toEqual([])
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
})

/** Both bring the command; the text of it is each installer's own. */
function isCommand(path: string, a: Map<string, string>, b: Map<string, string>): boolean {
  const [ours, theirs] = [a.get(path), b.get(path)]
  return path.startsWith('bin/') && ours?.split(' ')[0] === '755' && theirs?.split(' ')[0] === '755'
}

function tree(root: string): Map<string, string> {
  const files = new Map<string, string>()
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    const name = relative(root, path)
    if (!entry.isFile() || name.includes('__pycache__') || OURS.test(name) || ENVIRONMENT.test(name)) continue
    const mode = (lstatSync(path).mode & 0o777).toString(8)
    files.set(name, `${mode} ${readFileSync(path, 'latin1')}`)
  }
  return files
}
