/** What pip thinks of an environment that PyBun made, and how it differs from one that pip made. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PYBUN, python, type Sandbox, sandbox } from '../cli/harness/sandbox.ts'
import { type LocalIndex, type Packages, startIndex } from '../index/index.mjs'
import { ask, must, pip } from './tools.ts'

const PACKAGES: Packages = {
  plain: { '1.0': { requires: ['with-scripts>=1', 'with-data[all]', 'with-exits'] } },
  'with-scripts': {
    '1.2': {
      scripts: { 'tool-a': 'with_scripts:main', 'tool-b': 'with_scripts.sub:Class.method' },
      gui_scripts: { 'tool-gui': 'with_scripts:main' },
      entry_points: { 'some.plugins': { one: 'with_scripts:main' } },
      files: {
        'with_scripts/__init__.py': 'def main():\n    print("main")\n',
        'with_scripts/sub.py': 'class Class:\n    @staticmethod\n    def method():\n        print("method")\n',
        'with_scripts/data file, with "quotes".txt': 'x\n',
      },
      dist_info: { 'licenses/LICENSE.txt': 'free\n' },
    },
  },
  'with-data': {
    '0.1': {
      extras: { all: ['Odd_Name'] },
      data: {
        'scripts/shell-tool': '#!/bin/sh\necho shell\n',
        'scripts/python-tool': '#!python\nprint("python tool")\n',
        'scripts/pythonw-tool': '#!pythonw\nprint("pythonw tool")\n',
        'data/share/with-data/note.txt': 'note\n',
        'data/etc/with-data.conf': 'a = 1\n',
        'headers/with_data.h': '#define WITH_DATA 1\n',
        'purelib/with_data_pure.py': 'x = 1\n',
        'platlib/with_data_plat.py': 'y = 2\n',
      },
    },
  },
  'with-exits': {
    '1.0': {
      scripts: {
        'exit-none': 'with_exits:none',
        'exit.three': 'with_exits:three',
        'exit-text': 'with_exits:text',
        'exit-fail': 'with_exits:Of.fail',
      },
      files: {
        'with_exits.py': `import sys
def none():
    print(sys.argv, __name__)
def three():
    print(sys.argv[0])
    return 3
def text():
    return "some text"
class Of:
    fail = lambda: 1 / 0
`,
      },
    },
  },
  Odd_Name: { '2.0.post1': { pure: false, files: { 'odd.name/__init__.py': '', 'odd_module.py': 'z = 3\n' } } },
  'from-sdist': { '3.0': { wheel: false, sdist: true, scripts: { 'sdist-tool': 'from_sdist:main' } } },
}
const REQUIREMENTS = ['plain', 'from-sdist']
const NAMES = ['from-sdist', 'odd-name', 'plain', 'with-data', 'with-exits', 'with-scripts']

let index: LocalIndex
let ours: Sandbox
let theirs: Sandbox

beforeAll(async () => {
  index = await startIndex({ packages: PACKAGES })
  ours = sandbox(null, index.url)
  const dependencies = JSON.stringify(REQUIREMENTS)
  const manifest = `[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.8"\ndependencies = ${dependencies}\n`
  writeFileSync(join(ours.project, 'pyproject.toml'), manifest)
  await must(ours, [PYBUN, 'install'])

  theirs = sandbox(null, index.url)
  await must(theirs, [python().executable, '-m', 'venv', '--without-pip', environment(theirs)])
  const options = ['--no-compile', '--index-url', index.url, '--no-cache-dir', '-q']
  await must(theirs, pip(environment(theirs), 'install', ...options, ...REQUIREMENTS))
})

afterAll(async () => {
  await index?.close()
  ours?.remove()
  theirs?.remove()
})

describe('an ordinary pip', () => {
  test('has nothing to complain about', async () => {
    expect(await must(ours, pip(environment(ours), 'check'))).toBe('No broken requirements found.\n')
  })

  test('lists what is installed', async () => {
    const listed = JSON.parse(await must(ours, pip(environment(ours), 'list', '--format=json')))
    const names = listed.map(({ name }: { name: string }) => name.toLowerCase().replaceAll('_', '-')).sort()
    expect(names).toEqual(NAMES)
  })

  test('sees the same requested packages', async () => {
    const requested = async (box: Sandbox) => {
      const { installed } = JSON.parse(await must(box, pip(environment(box), 'inspect', '--local')))
      const asked = installed.filter((item: { requested: boolean }) => item.requested)
      return asked.map((item: { metadata: { name: string } }) => item.metadata.name).sort()
    }
    expect(await requested(ours)).toEqual(await requested(theirs))
  })
})

describe('file by file, beside an installation by pip', () => {
  test('the same files', () => {
    expect(files(ours)).toEqual(files(theirs))
  })

  test('with the same content and mode', () => {
    const differing = files(theirs).filter((path) => {
      const [a, b] = [ours, theirs].map((box) => comparable(box, path))
      return a !== b
    })
    expect(differing).toEqual([])
  })

  test('and the same records', () => {
    const records = files(theirs).filter((path) => path.endsWith('.dist-info/RECORD'))
    expect(records).toHaveLength(NAMES.length)
    for (const path of records) expect(record(ours, path), path).toEqual(record(theirs, path))
  })
})

test('commands work', async () => {
  for (const [command, output] of [
    ['tool-a', 'main\n'],
    ['tool-b', 'method\n'],
    ['shell-tool', 'shell\n'],
    ['python-tool', 'python tool\n'],
  ]) {
    expect(await must(ours, [join(environment(ours), 'bin', command ?? '')]), command).toBe(output)
  }
})

test.each([
  ['exit-none', 0],
  ['exit.three', 3],
  ['exit-text', 1],
  ['exit-fail', 1],
])('%s sees the same arguments and ends in the same way', async (command, code) => {
  const said = async (box: Sandbox) => {
    const { exit, stdout, stderr } = await ask(box, [join(environment(box), 'bin', command), 'a b', '--c'])
    // A traceback tells lines of the command's own text as well.
    return { exit, stdout: stdout.replaceAll(box.root, '[ROOT]'), last: stderr.trimEnd().split('\n').at(-1) }
  }
  const mine = await said(ours)
  expect(mine).toEqual(await said(theirs))
  expect(mine.exit).toBe(code)
})

test('pip uninstall takes every file away, and PyBun puts it back', async () => {
  const before = files(ours)
  const own = before.filter((path) => !path.startsWith('pyvenv'))
  expect(own.length).toBeGreaterThan(20)
  await must(ours, pip(environment(ours), 'uninstall', '-y', '-q', ...NAMES))
  expect(files(ours).filter((path) => /with_|odd|plain|tool|share|etc|dist-info/.test(path))).toEqual([])
  await must(ours, [PYBUN, 'install', '--reinstall'])
  expect(files(ours)).toEqual(before)
})

test('pip can install into it', async () => {
  await must(ours, pip(environment(ours), 'install', '-q', '--index-url', index.url, '--no-deps', 'tiny-backend'))
  const found = await ask(ours, [join(environment(ours), 'bin', 'python'), '-c', 'import tiny_backend'])
  expect(found.exit, found.stderr).toBe(0)
})

function environment(box: Sandbox): string {
  return join(box.project, '.pybun', 'venv')
}

/**
 * Relative paths of all that was installed: not of what belongs to a bare venv, no bytecode, and not the file in which
 * PyBun keeps a wheel's hash. `lib64` is a link to `lib`.
 */
function files(box: Sandbox): string[] {
  const root = environment(box)
  const found = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => {
    if (/^lib64\/|__pycache__|\.dist-info\/\.pybun-wheel$/.test(path) || !statSync(join(root, path)).isFile())
      return false
    return !/^(pyvenv\.cfg|\.gitignore|\.lock|CACHEDIR\.TAG|bin\/(python|activate|Activate|deactivate|pydoc)|.*\/_virtualenv\.)/.test(
      path,
    )
  })
  return found.sort()
}

function comparable(box: Sandbox, path: string): string {
  if (/\.dist-info\/(RECORD|INSTALLER)$/.test(path)) return ''
  const full = join(environment(box), path)
  const text = readFileSync(full, 'latin1').replaceAll(box.root, '[ROOT]')
  const executable = (statSync(full).mode & 0o111) !== 0
  return `${executable} ${path.startsWith('bin/') ? scriptCore(text) : text}`
}

/** pip's own template for entry points is not a specification: what it imports and calls is. */
function scriptCore(text: string): string {
  const imported = /^from \S+ import \S+$/m.exec(text)
  const called = /sys\.exit\((.+)\)/.exec(text)
  if (!imported || !called) return text.replace(/^#!.*\/python\S*/, '#!python')
  return `${imported[0]} ${called[1]}`
}

/** Rows as a set; scripts' hashes depend on the interpreter's path, INSTALLER's on the installer. */
function record(box: Sandbox, path: string): string[] {
  const text = readFileSync(join(environment(box), path), 'utf8')
  const rows = text
    .trim()
    .split(/\r?\n/)
    .filter((row) => !/__pycache__|\.pybun-wheel,/.test(row))
  const plain = rows.map((row) => (/\/bin\/|INSTALLER,/.test(row) ? row.replace(/,sha256=.*/, '') : row))
  return plain.sort()
}

test('the environment is where both suppose it', () => {
  for (const box of [ours, theirs]) expect(existsSync(join(environment(box), 'pyvenv.cfg'))).toBe(true)
})
