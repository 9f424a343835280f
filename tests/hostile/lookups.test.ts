/**
 * Where programs, interpreters and limits are looked up: nothing that lies in a project is started before somebody runs it,
 * and a project does not govern what all projects share.
 */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { checkEnvelope } from '../cli/harness/envelope.ts'
import { run } from '../cli/harness/run.ts'
import { type Sandbox, sandbox } from '../cli/harness/sandbox.ts'
import { inventedSource, startIndex } from '../index/index.mjs'
import { tarGz } from './tar.ts'
import { zip } from './zip.ts'

const MANIFEST = '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.8"\ndependencies = ["alpha"]\n'
const source = () => inventedSource({ alpha: { '1.0': {} } })

/** Programs in the project that tell when they are run. */
function plant(directory: string, names: string[], mark: string): void {
  mkdirSync(directory, { recursive: true })
  for (const name of names) {
    writeFileSync(join(directory, name), `#!/bin/sh\necho "$0" >> '${mark}'\nexit 1\n`)
    chmodSync(join(directory, name), 0o755)
  }
}

async function inClone(manifest: string, work: (box: Sandbox, mark: string) => Promise<void>): Promise<void> {
  const index = await startIndex({ source: source() })
  const box = sandbox(null, index.url)
  try {
    writeFileSync(join(box.project, 'pyproject.toml'), manifest)
    // Package managers' link runs Node once; from then on it is a script of the shell.
    await run(box, { args: ['--version'], exit: 0 })
    await work(box, join(box.root, 'ran'))
  } finally {
    await index.close()
    box.remove()
  }
}

describe.concurrent('programs', () => {
  test.each(['', '.', './bin', 'bin'])('an entry `%s` of PATH leads to none', async (entry) => {
    const manifest = MANIFEST.replace('"alpha"', '"alpha", "aaa @ git+http://127.0.0.1:1/x"')
    await inClone(manifest, async (box, mark) => {
      const names = ['node', 'git', 'python3', 'python', 'keyring', 'ssh', 'sh', 'env', 'uname', 'readlink']
      for (const place of ['.', 'bin']) plant(join(box.project, place), names, mark)
      const { PATH } = box.env
      for (const path of [
        [entry, PATH],
        [PATH, entry],
      ]) {
        for (const args of [['lock'], ['tree'], ['install', '--dry-run'], ['config'], ['run', 'keyring']]) {
          const env = { PATH: path.join(delimiter), PYBUN_KEYRING_PROVIDER: 'subprocess' }
          const ran = await run(box, { args, exit: 0, env })
          expect(existsSync(mark) ? readFileSync(mark, 'utf8') : '', `${args}\n${ran.stderr}`).toBe('')
        }
      }
    })
  })

  test('the script that package managers link to takes none from there either', () => {
    const root = mkdtempSync(join(tmpdir(), 'pybun-fast-'))
    try {
      const at = (...parts: string[]) => join(root, ...parts)
      const mark = at('ran')
      const fast = fileURLToPath(new URL('../../npm/pybun/bin/fast.cjs', import.meta.url))
      // A layout in which links are followed, and packages of two machines, or of none.
      for (const place of ['package/bin', 'links', 'bin', 'project']) mkdirSync(at(place), { recursive: true })
      writeFileSync(at('package/bin/fast.cjs'), readFileSync(fast))
      writeFileSync(at('package/cli.js'), 'console.log("cli")')
      symlinkSync('../package/bin/fast.cjs', at('links/pybun'))
      for (const tool of ['node', 'readlink', 'uname'] as const) symlinkSync(toolAt(tool), at('bin', tool))
      plant(at('project'), ['node', 'readlink', 'uname'], mark)
      const start = () => {
        const env = { PATH: ['', '.', at('bin')].join(':') }
        const { stdout, stderr } = spawnSync('/bin/sh', [at('links/pybun')], {
          cwd: at('project'),
          env,
          encoding: 'utf8',
        })
        expect(existsSync(mark), stderr).toBe(false)
        return stdout.trim()
      }
      expect(start()).toBe('cli')
      for (const machine of ['linux-x64-gnu', 'linux-arm64-gnu', 'darwin-arm64', 'darwin-x64']) {
        mkdirSync(at('package/node_modules/@pybun', machine), { recursive: true })
        writeFileSync(at('package/node_modules/@pybun', machine, 'pybun'), '#!/bin/sh\necho launcher\n', {
          mode: 0o755,
        })
      }
      expect(start()).toBe('launcher')
    } finally {
      rmSync(root, { recursive: true })
    }
  })
})

function toolAt(name: string): string {
  if (name === 'node') return process.execPath
  const found = (process.env.PATH ?? '').split(delimiter).map((directory) => join(directory, name))
  return found.find((path) => existsSync(path)) ?? name
}

describe.concurrent('interpreters', () => {
  const PINS = ['./evil', 'evil', 'bin/../evil', 'deploy', '3.12/../evil', 'myenv 3.99/x', '..']

  test.each(PINS)('a pin `%s` is not followed, and told', async (pin) => {
    await inClone(MANIFEST, async (box, mark) => {
      plant(box.project, ['evil', 'python'], mark)
      plant(join(box.root, 'tools'), ['deploy'], mark)
      writeFileSync(join(box.project, '.python-version'), `${pin}\n`)
      const env = { PATH: `${box.env.PATH}${delimiter}${join(box.root, 'tools')}` }
      for (const args of [['lock'], ['lock', '--check'], ['install', '--dry-run'], ['install']]) {
        const ran = await run(box, { args, exit: 0, env }, ['--format=json'])
        const diagnostics = checkEnvelope(ran, args).diagnostics as { code: string; level: string }[]
        expect(existsSync(mark), args.join(' ')).toBe(false)
        expect(ran.exit, ran.stdout).toBe(0)
        if (args[1] === '--check') continue
        expect(new Set(diagnostics.map(({ code, level }) => `${level} ${code}`))).toEqual(
          new Set(['warning python/pin-ignored']),
        )
      }
    })
  })

  test('several versions on a line, as pyenv writes them, are one wish', async () => {
    await inClone(MANIFEST, async (box) => {
      writeFileSync(join(box.project, '.python-version'), '3 3.99.1\n')
      const ran = await run(box, { args: ['lock'], exit: 0 }, ['--format=json'])
      expect([ran.exit, checkEnvelope(ran, ['lock']).diagnostics]).toEqual([0, []])
    })
  })

  test('the absolute path of a pin is not followed either, nor that of the configuration', async () => {
    await inClone(MANIFEST, async (box, mark) => {
      plant(box.project, ['evil'], mark)
      const path = join(box.project, 'evil')
      writeFileSync(join(box.project, '.python-version'), path)
      expect((await run(box, { args: ['lock'], exit: 0 })).exit).toBe(0)
      for (const python of [path, './evil', 'evil', 'sh']) {
        writeFileSync(join(box.project, 'pyproject.toml'), `${MANIFEST}[tool.pybun]\npython = "${python}"\n`)
        const ran = await run(box, { args: ['lock'], exit: 1 }, ['--format=json'])
        const [problem] = checkEnvelope(ran, ['lock']).diagnostics as { code: string; hint: string }[]
        expect(problem).toMatchObject({ code: 'config/not-for-projects', hint: expect.stringContaining('--python') })
      }
      expect(existsSync(mark)).toBe(false)
      // What is typed is a person's.
      writeFileSync(join(box.project, 'pyproject.toml'), MANIFEST)
      await run(box, { args: ['lock', '--python', './evil'], exit: 1 })
      expect(existsSync(mark)).toBe(true)
    })
  })
})

describe.concurrent('what is shared', () => {
  test.each(['cache-max-size = "0"', 'cache-max-age = "0h"'])('`%s` of a project empties nothing', async (line) => {
    await inClone(MANIFEST, async (box) => {
      const first = await run(box, { args: ['install'], exit: 0 })
      expect(first.exit, first.stderr).toBe(0)
      // Nothing uses the wheel any more.
      rmSync(join(box.project, '.pybun'), { recursive: true })
      for (const [path, text] of [
        ['pyproject.toml', `${MANIFEST}[tool.pybun]\n${line}\n`],
        ['.pybun/config.toml', `${line}\n`],
      ] as const) {
        writeFileSync(join(box.project, 'pyproject.toml'), MANIFEST)
        mkdirSync(dirname(join(box.project, path)), { recursive: true })
        writeFileSync(join(box.project, path), text)
        const gc = await run(box, { args: ['gc'], exit: 0 }, ['--format=json'])
        const { result } = checkEnvelope(gc, ['gc']) as { result: { freed_bytes?: number; removed?: unknown[] } }
        expect([gc.exit, result.removed ?? []], gc.stdout).toEqual([0, []])
        const ran = await run(box, { args: ['install'], exit: 1 }, ['--format=json'])
        const [problem] = checkEnvelope(ran, ['install']).diagnostics as { code: string }[]
        expect(problem?.code).toBe('config/not-for-projects')
      }
    })
  })

  test("what was built with a backend of one project is no other project's", async () => {
    const box = sandbox(null, 'http://127.0.0.1:1/simple/')
    try {
      const directory = join(box.root, 'directory')
      for (const { name, data } of TREE) {
        mkdirSync(directory, { recursive: true })
        writeFileSync(join(directory, name), data)
      }
      for (const requirement of ['built', `built @ file://${directory}`]) {
        // The second round finds what the first one built.
        for (const side of ['theirs', 'ours', 'theirs', 'ours']) {
          const links = join(box.root, side)
          mkdirSync(links, { recursive: true })
          writeFileSync(join(links, 'backend-1.0-py3-none-any.whl'), backendOf(side))
          writeFileSync(
            join(links, 'built-1.0.tar.gz'),
            tarGz(TREE.map(({ name, data }) => ({ name: `built-1.0/${name}`, data }))),
          )
          const cwd = `of-${side}`
          rmSync(join(box.project, cwd), { recursive: true, force: true })
          mkdirSync(join(box.project, cwd))
          const head = '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.8"\n'
          const own = `dependencies = ["${requirement}"]\n[tool.pybun]\nno-index = true\nfind-links = ["${links}"]\n`
          writeFileSync(join(box.project, cwd, 'pyproject.toml'), head + own)
          const installed = await run(box, { args: ['install'], exit: 0, cwd })
          expect(installed.exit, installed.stderr).toBe(0)
          const code = 'import built; print(built.made_by)'
          const ran = await run(box, { args: ['run', 'python', '-c', code], exit: 0, cwd })
          expect(ran.stdout, `${requirement}\n${ran.stderr}`).toBe(`${side}\n`)
        }
      }
    } finally {
      box.remove()
    }
  })

  test('a failing command waits for a server once', async () => {
    const index = await startIndex({
      source: source(),
      faults: [{ path: '/simple/alpha/', status: 503, retryAfter: 0 }],
    })
    const box = sandbox(null, index.url)
    try {
      writeFileSync(join(box.project, 'pyproject.toml'), MANIFEST)
      const ran = await run(box, { args: ['lock'], exit: 1, env: { PYBUN_HTTP_RETRIES: '4' } })
      expect(ran.exit, ran.stderr).toBe(1)
      // The CLI's five, and those that the engine made without waiting: one ahead, one when the page was needed.
      const asked = index.requests.filter(({ path }) => path.includes('alpha')).length
      expect(asked).toBeGreaterThanOrEqual(5)
      expect(asked).toBeLessThanOrEqual(7)
    } finally {
      await index.close()
      box.remove()
    }
  })
})

/** A project that says nothing of itself but which backend builds it. */
const TREE = [
  { name: 'PKG-INFO', data: 'Metadata-Version: 2.1\nName: built\nVersion: 1.0\n' },
  {
    name: 'pyproject.toml',
    data:
      '[project]\nname = "built"\nversion = "1.0"\n' +
      '[build-system]\nrequires = ["backend"]\nbuild-backend = "backend"\n',
  },
]

/** The wheel of a backend that leaves its mark in what it builds. */
function backendOf(side: string): Buffer {
  const code = [
    'import os, zipfile',
    'def build_wheel(directory, config_settings=None, metadata_directory=None):',
    '    name, info = "built-1.0-py3-none-any.whl", "built-1.0.dist-info/"',
    '    files = {',
    `        "built.py": "made_by = '${side}'\\n",`,
    '        info + "METADATA": "Metadata-Version: 2.1\\nName: built\\nVersion: 1.0\\n",',
    '        info + "WHEEL": "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",',
    '    }',
    '    files[info + "RECORD"] = "".join(one + ",,\\n" for one in [*files, info + "RECORD"])',
    '    with zipfile.ZipFile(os.path.join(directory, name), "w") as archive:',
    '        for path, text in files.items(): archive.writestr(path, text)',
    '    return name',
  ]
  const info = 'backend-1.0.dist-info'
  const files = {
    'backend.py': `${code.join('\n')}\n`,
    [`${info}/METADATA`]: 'Metadata-Version: 2.1\nName: backend\nVersion: 1.0\n',
    [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
  }
  const record = [...Object.keys(files), `${info}/RECORD`].map((path) => `${path},,\n`).join('')
  return zip(Object.entries({ ...files, [`${info}/RECORD`]: record }).map(([name, data]) => ({ name, data })))
}
