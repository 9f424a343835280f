import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { SCHEMAS } from '../commands/schemas.ts'
import type { Envelope } from '../report/envelope.ts'
import { bench, MANIFEST } from './testing/bench.ts'

describe('every envelope satisfies its schema', () => {
  const ajv = new Ajv2020({ strict: false })
  const validate = Object.fromEntries(
    Object.entries(SCHEMAS).map(([name, schema]) => [name, ajv.compile(schema as object)]),
  )

  it.each([
    [['init', '-y', 'made'], 0],
    [['add', 'flask'], 0],
    [['add', '--dev', 'pytest'], 0],
    [['remove', 'werkzeug'], 0],
    [['lock'], 0],
    [['install'], 0],
    [['install', '-r', 'requirements.txt'], 0],
    [['run', 'main.py', '--format=text'], 3],
    [['run', '-m', 'http'], 3],
    [['config'], 0],
    [['schema'], 0],
    [['schema', 'envelope'], 0],
    [['completion', 'zsh'], 0],
    [['--version'], 0],
    [['--help'], 0],
    [['add', '--help'], 0],
    [['add', 'nowhere'], 1],
    [['add'], 2],
    [['nonsense'], 2],
    [[], 2],
  ])('%j', async (args, exit_code) => {
    const { json, write } = bench()
    write('pyproject.toml', MANIFEST.replace('[]', '["werkzeug"]'))
    write('main.py', 'print()')
    const envelope = await json(args)
    expect(envelope.exit_code, JSON.stringify(envelope)).toBe(exit_code)
    expect(envelope.status).toBe(exit_code === 0 ? 'ok' : 'error')
    check('envelope', envelope)
    if (envelope.result) check(envelope.command ?? '', envelope.result)
    else expect(envelope.diagnostics[0]?.level).toBe('error')
  })

  function check(name: string, value: unknown): void {
    const known = validate[name]
    expect(known, `no schema for ${name}`).toBeDefined()
    expect([known?.(value), known?.errors]).toEqual([true, null])
  }
})

describe('add', () => {
  it('writes the chosen version as lower bound, and a lock that fits the manifest', async () => {
    const { pybun, read, write } = bench()
    write('pyproject.toml', MANIFEST)
    const { out, exit_code } = await pybun(['add', 'Flask'])
    expect([exit_code, out.split('\n')[0]]).toEqual([0, 'Added Flask>=3.1.2'])
    expect(read('pyproject.toml')).toContain('dependencies = ["Flask>=3.1.2"]')
    expect((await pybun(['lock', '--check'])).exit_code).toBe(0)
  })

  it('takes `name@version` for an exact one and leaves what has bounds alone', async () => {
    const { pybun, read, write } = bench()
    write('pyproject.toml', MANIFEST.replace('[]', '["werkzeug<4"]'))
    await pybun(['add', 'flask@3.1.2', 'werkzeug'])
    expect(read('pyproject.toml')).toContain('dependencies = ["werkzeug<4","flask==3.1.2"]')
  })

  it('changes nothing when nothing can be resolved', async () => {
    const { json, read, write, project } = bench()
    write('pyproject.toml', MANIFEST)
    const envelope = await json(['add', 'nowhere'])
    expect(envelope.diagnostics[0]).toMatchObject({ code: 'resolve/unknown-package', error_type: 'resolve' })
    expect(read('pyproject.toml')).toBe(MANIFEST)
    expect(readdirSync(project).sort()).toEqual(['pyproject.toml'])
  })

  it('keeps manifest and lock when the environment fails, and says what repairs it', async () => {
    const { json, read, write } = bench({ fails: { applyPlan: { code: 'install/disk-full', message: 'No space' } } })
    write('pyproject.toml', MANIFEST)
    const envelope = await json(['add', 'flask'])
    expect(envelope.diagnostics[0]).toMatchObject({ code: 'install/disk-full', fix_suggestion: 'pybun install' })
    expect(read('pyproject.toml')).toContain('flask>=3.1.2')
    expect(read('pybun.lockb')).toContain('flask>=3.1.2')
  })

  it('does not overwrite a manifest that was edited meanwhile', async () => {
    const { addon, json, read, write } = bench()
    write('pyproject.toml', MANIFEST)
    const { fetchPlan } = addon
    addon.fetchPlan = (...args) => {
      write('pyproject.toml', `${MANIFEST}# mine\n`)
      return fetchPlan?.(...args)
    }
    const envelope = await json(['add', 'flask'])
    expect(envelope.diagnostics[0]).toMatchObject({ code: 'manifest/changed-meanwhile' })
    expect([read('pyproject.toml'), read('pybun.lockb')]).toEqual([`${MANIFEST}# mine\n`, null])
  })

  it('leaves no lock behind with --no-lock', async () => {
    const { pybun, read, write } = bench()
    write('pyproject.toml', MANIFEST)
    expect((await pybun(['--no-lock', 'add', 'flask'])).exit_code).toBe(0)
    expect([read('pybun.lockb'), read('pyproject.toml')?.includes('flask')]).toEqual([null, true])
  })
})

describe('remove', () => {
  it('says where a name stands when it is not where it was looked for', async () => {
    const { json, write } = bench()
    write('pyproject.toml', `${MANIFEST}[dependency-groups]\ndev = ["pytest"]\n`)
    const envelope = await json(['remove', 'pytest'])
    expect(envelope.diagnostics[0]).toMatchObject({
      code: 'remove/not-a-dependency',
      fix_suggestion: 'pybun remove --dev pytest',
    })
  })
})

describe('lock', () => {
  it('is stale after an edit by hand', async () => {
    const { json, pybun, write } = bench()
    write('pyproject.toml', MANIFEST)
    await pybun(['lock'])
    write('pyproject.toml', MANIFEST.replace('[]', '["flask"]'))
    const envelope = await json(['lock', '--check'])
    expect(envelope.diagnostics[0]).toMatchObject({ code: 'lock/stale', fix_suggestion: 'pybun lock' })
  })

  it('asks no resolver while it fits', async () => {
    const { addon, pybun, write } = bench()
    write('pyproject.toml', MANIFEST)
    await pybun(['lock'])
    addon.calls.length = 0
    expect((await pybun(['lock'])).out).toBe('Up to date: 0 packages in pybun.lockb\n')
    expect(addon.calls).not.toContain('resolve')
  })
})

describe('run', () => {
  it('gives the exit code and the output of the program, and explains it', async () => {
    const { json, write } = bench()
    write('main.py', '')
    const envelope = await json(['run', 'main.py', '-x', '--format=text'])
    expect(envelope).toMatchObject({ exit_code: 3, status: 'error', command: 'run' })
    expect(envelope.result).toMatchObject({ stdout: 'python main.py -x --format=text\n', stderr: 'import oops\n' })
    expect(envelope.diagnostics[0]?.code).toBe('run/program-failed')
  })

  it('becomes the program in text mode', async () => {
    const { addon, pybun, write } = bench()
    write('main.py', '')
    const { exit_code } = await pybun(['run', 'main.py'])
    expect([addon.calls.includes('exec'), exit_code]).toEqual([true, 3])
  })

  it('gives a script its own environment and resolves it once', async () => {
    const { addon, pybun, write } = bench()
    write('tool.py', '# /// script\n# dependencies = [\n#   "flask",\n# ]\n# ///\n')
    await pybun(['run', 'tool.py'])
    await pybun(['run', 'tool.py'])
    expect(addon.calls.filter((name) => name === 'resolve')).toHaveLength(1)
    expect(addon.calls).toContain('stampWrite')
  })

  it.each([
    ['gone.py', 'run/file-not-found'],
    ['pythn', 'run/target-not-found'],
  ])('says that %s is not there', async (target, code) => {
    expect((await bench().json(['run', target])).diagnostics[0]?.code).toBe(code)
  })
})

it('x lists the commands that the package has', async () => {
  const { json, root, write } = bench({ index: { httpie: '3.2.4' } })
  write(
    '../home/.cache/pybun/envs/tools/tool-key/site/httpie-3.2.4.dist-info/RECORD',
    '../bin/http,,\n../bin/https,,\n',
  )
  const envelope = await json(['x', 'httpie'])
  expect([envelope.diagnostics[0]?.code, root.length > 0]).toEqual(['x/no-such-command', true])
  expect(envelope.diagnostics[0]).toMatchObject({
    hint: 'It has http, https',
    context: { commands: ['http', 'https'] },
  })
})

describe('the way out', () => {
  it('is an envelope for our own crash', async () => {
    const { json, write } = bench({ fails: { manifestParse: new Error('index out of range') } })
    write('pyproject.toml', MANIFEST)
    const envelope = await json(['install'])
    expect([envelope.exit_code, envelope.diagnostics[0]?.code]).toEqual([70, 'cli/crash'])
  })

  it('is an envelope for Ctrl-C', async () => {
    const { abort, addon, json, write } = bench()
    write('pyproject.toml', MANIFEST.replace('[]', '["flask"]'))
    addon.resolve = () => {
      abort.abort()
      return new Promise(() => {})
    }
    const envelope: Envelope = await json(['install'])
    expect([envelope.exit_code, envelope.diagnostics[0]?.code]).toEqual([130, 'cli/interrupted'])
  })

  it('is Ctrl-C even when a program that we asked failed of it first', async () => {
    const { abort, addon, json, write } = bench()
    write('pyproject.toml', MANIFEST)
    addon.pythonChoose = () => {
      setImmediate(() => abort.abort())
      return JSON.stringify({ ok: false, problems: [{ code: 'python/not-found', message: 'no Python' }] })
    }
    expect((await json(['install'])).diagnostics.map(({ code }) => code)).toEqual(['cli/interrupted'])
  })

  it('masks credentials in messages and results', async () => {
    const { json } = bench()
    const envelope = await json(['config', '--index-url', 'https://me:secret@index.example/simple'])
    expect(JSON.stringify(envelope)).not.toContain('secret')
    expect(JSON.stringify(envelope)).toContain('https://****@index.example/simple')
  })

  it('says nothing with --quiet, and problems nevertheless', async () => {
    const { pybun, write } = bench()
    write('pyproject.toml', MANIFEST)
    expect(await pybun(['-q', 'install'])).toEqual({ out: '', err: '', exit_code: 0 })
    expect((await pybun(['-q', 'add', 'nowhere'])).err).toContain('error[resolve/unknown-package]')
  })
})

describe('init', () => {
  it('makes a src layout whose ignore files keep what they had', async () => {
    const { pybun, project, read, write } = bench()
    write('.gitignore', 'secrets')
    write('README.md', 'mine')
    const { exit_code, out } = await pybun(['init', '-y', '--name', 'My.Tool'])
    expect([exit_code, read('README.md'), read('.gitignore')]).toEqual([0, 'mine', 'secrets\n.pybun/\n'])
    expect(read('.gitattributes')).toBe('pybun.lockb binary diff=pybun\n')
    expect(read('.python-version')).toBe('3.12\n')
    expect(read('pyproject.toml')).toContain('"My.Tool" = "my_tool:main"')
    expect(readdirSync(join(project, 'src'))).toEqual(['my_tool'])
    expect(out).toContain('README.md (kept)')
  })

  it('refuses a directory that is a project', async () => {
    const { json, read, write } = bench()
    write('pyproject.toml', MANIFEST)
    expect((await json(['init', '-y'])).diagnostics[0]?.code).toBe('init/already-a-project')
    expect(read('pyproject.toml')).toBe(MANIFEST)
  })
})

it('a failed reading names the command, not the value of an option in front of it', async () => {
  const { pybun } = bench()
  for (const args of [
    ['--format', 'json', 'config', '--bogus'],
    ['config', '--bogus', '--format=json'],
    ['-p', '3.12', '--format=json', 'config', '--bogus'],
  ]) {
    expect(JSON.parse((await pybun(args)).out)).toMatchObject({ command: 'config', exit_code: 2 })
  }
})
