import { describe, expect, it } from 'vitest'
import type { ResolveRequest, Settings } from '../model/native.ts'
import { bench, MANIFEST } from './testing/bench.ts'

describe('a setting comes from the nearest place that has it', () => {
  const MANIFEST_LAYER = `${MANIFEST}[tool.pybun]\nresolution = "lowest"\n`

  it.each([
    {
      typed: true,
      variable: true,
      file: true,
      manifest: true,
      user: true,
      from: 'command-line',
      value: 'lowest-direct',
    },
    { typed: false, variable: true, file: true, manifest: true, user: true, from: 'environment', value: 'highest' },
    {
      typed: false,
      variable: false,
      file: true,
      manifest: true,
      user: true,
      from: 'project-configuration',
      value: 'lowest-direct',
    },
    { typed: false, variable: false, file: false, manifest: true, user: true, from: 'manifest', value: 'lowest' },
    {
      typed: false,
      variable: false,
      file: false,
      manifest: false,
      user: true,
      from: 'user-configuration',
      value: 'lowest',
    },
    { typed: false, variable: false, file: false, manifest: false, user: false, from: 'default', value: 'highest' },
  ])('$from', async ({ typed, variable, file, manifest, user, from, value }) => {
    const { addon, pybun, project, write } = bench()
    write('pyproject.toml', manifest ? MANIFEST_LAYER : MANIFEST)
    if (file) write('.pybun/config.toml', 'resolution = "lowest-direct"\n')
    if (user) write('../home/.config/pybun/config.toml', 'resolution = "lowest"\n')
    const seen: unknown[] = []
    const { resolve } = addon
    addon.resolve = (...values) => {
      seen.push((JSON.parse(String(values[0])) as { resolution: string }).resolution)
      return resolve?.(...values)
    }
    const home = project.replace(/project$/, 'home')
    const env = { HOME: home, ...(variable ? { PYBUN_RESOLUTION: 'highest' } : {}) }
    await pybun(['lock', ...(typed ? ['--resolution=lowest-direct'] : [])], { env })
    expect(seen).toEqual([value])
    const shown = JSON.parse((await pybun(['--format=json', 'config'], { env })).out)
    const setting = shown.result.settings.find(({ key }: { key: string }) => key === 'resolution')
    // `config` has no such option, so that the layer below answers there.
    expect(setting.origin.kind).toBe(typed ? 'environment' : from)
  })
})

describe('a wrong setting is named with its place', () => {
  it('unknown key', async () => {
    const { json, write, project } = bench()
    write('pyproject.toml', MANIFEST)
    write('.pybun/config.toml', '# mine\n\nindex_url = "https://index.example/simple"\n')
    const { exit_code, diagnostics } = await json(['install'])
    expect([exit_code, diagnostics[0]]).toEqual([
      1,
      {
        level: 'error',
        code: 'config/unknown-key',
        error_type: 'config',
        message: `${project}/.pybun/config.toml:3:1: \`index_url\` is not a setting of PyBun`,
        hint: 'Did you mean `index-url`?',
        context: { path: `${project}/.pybun/config.toml`, line: 3, column: 1, key: 'index_url', nearest: 'index-url' },
      },
    ])
  })

  it('wrong types, all at once', async () => {
    const { json, write } = bench()
    write('pyproject.toml', `${MANIFEST}[tool.pybun]\noffline = "yes"\nprogress = "loud"\nextra-index-url = "a"\n`)
    const { diagnostics } = await json(['install'])
    expect(diagnostics.map(({ code, context }) => [code, context?.line, context?.expected])).toEqual([
      ['config/wrong-type', 6, 'true or false'],
      ['config/wrong-type', 7, 'one of auto, always, never'],
      ['config/wrong-type', 8, 'a list of strings'],
    ])
  })

  it('variables', async () => {
    const { json } = bench()
    const wrong = await json(['config'], { env: { PYBUN_OFFLINE: 'maybe' } })
    expect(wrong.diagnostics[0]).toMatchObject({
      code: 'config/wrong-variable',
      context: { variable: 'PYBUN_OFFLINE' },
    })
  })
})

it.each([
  ['1', 'always'],
  ['False', 'never'],
  ['background', 'background'],
])('a choice may be true or false as well: %s', async (text, value) => {
  const { json, write } = bench()
  const of = async (env: Record<string, string>) => {
    const { settings } = (await json(['config'], { env })).result as { settings: { key: string; value: unknown }[] }
    return settings.find(({ key }) => key === 'compile-bytecode')?.value
  }
  expect(await of({})).toBe('background')
  expect(await of({ PYBUN_COMPILE_BYTECODE: text })).toBe(value)
  const wrong = await json(['config'], { env: { PYBUN_COMPILE_BYTECODE: 'sometimes' } })
  expect(wrong.diagnostics[0]?.message).toContain('true, false or one of background, always, never')
  write('pyproject.toml', `${MANIFEST}[tool.pybun]\ncompile-bytecode = ${value === 'always'}\n`)
  expect(await of({})).toBe(value === 'always' ? 'always' : 'never')
})

it('relative paths are meant from where they are typed', async () => {
  const { json, project, write } = bench()
  write('pyproject.toml', MANIFEST)
  write('below/file', '')
  const { result } = await json(['config', '--cache-dir', 'here'], { cwd: `${project}/below` })
  const settings = (result as { settings: { key: string; value: unknown }[] }).settings
  expect(settings.find(({ key }) => key === 'cache-dir')?.value).toBe(`${project}/below/here`)
})

describe('a project has no say in what is shared or started', () => {
  const REFUSED = [
    'cache-dir = "here"',
    'python = "./python"',
    'python = "deploy"',
    'keyring-provider = "subprocess"',
    'cache-max-size = "0"',
    'cache-max-age = "0h"',
  ]

  it.each(REFUSED)('%s', async (line) => {
    for (const [path, head] of [
      ['pyproject.toml', `${MANIFEST}[tool.pybun]\n`],
      ['.pybun/config.toml', ''],
    ] as const) {
      const { addon, json, write } = bench()
      write('pyproject.toml', MANIFEST)
      write(path, `${head}${line}\n`)
      const { diagnostics } = await json(['install'])
      const [key] = line.split(' ')
      expect(diagnostics.map(({ code, context }) => [code, context?.key])).toEqual([['config/not-for-projects', key]])
      expect(diagnostics[0]?.hint).toMatch(/^Give it as /)
      expect(addon.calls).not.toContain('pythonChoose')
    }
  })

  it('and the user does', async () => {
    const { json, write } = bench()
    write('pyproject.toml', MANIFEST)
    write('../home/.config/pybun/config.toml', `${REFUSED.filter((_, at) => at !== 1).join('\n')}\n`)
    const { diagnostics, status } = await json(['config'])
    expect([status, diagnostics]).toEqual(['ok', []])
  })

  it("versions are the project's to ask for, and the addon is told whose word it is", async () => {
    const asked = async (files: Record<string, string>, ...args: string[]) => {
      const { addon, json, write } = bench()
      write('pyproject.toml', MANIFEST)
      for (const [path, text] of Object.entries(files)) write(path, text)
      const seen: { request: string | null; project: string | null }[] = []
      const { pythonChoose } = addon
      addon.pythonChoose = (...values) => {
        seen.push(JSON.parse(String(values[0])))
        return pythonChoose?.(...values)
      }
      await json(['lock', ...args])
      return [seen[0]?.request, seen[0]?.project]
    }
    const versions = { '.pybun/config.toml': 'python = ">=3.9"\n' }
    expect(await asked(versions)).toEqual([null, '>=3.9'])
    expect(await asked(versions, '--python', './mine')).toEqual(['./mine', null])
  })

  it('the collection of what all projects share does not read it', async () => {
    const { addon, json, write } = bench()
    write('pyproject.toml', `${MANIFEST}[tool.pybun]\ncache-max-size = "0"\n`)
    const seen: unknown[] = []
    addon.cacheCollect = (...values) => {
      seen.push(JSON.parse(String(values[0])))
      return JSON.stringify({ ok: true, value: { removed: [], freed_bytes: 0, size_bytes: 0 } })
    }
    await json(['gc'])
    expect(seen).toMatchObject([{ max_size: '20GB', max_age: '90d' }])
  })
})

describe('indexes', () => {
  const ask = async (args: string[], env: Record<string, string>, files: Record<string, string>) => {
    const { addon, json, write, root } = bench()
    for (const [path, text] of Object.entries(files)) write(path, text)
    const seen: ResolveRequest[] = []
    const { resolve } = addon
    addon.resolve = (...values) => {
      seen.push(JSON.parse(String(values[0])))
      return resolve?.(...values)
    }
    const answer = await json(['lock', ...args], { env: { HOME: `${root}/home`, ...env } })
    return { diagnostics: answer.diagnostics, settings: seen[0]?.settings, request: seen[0] }
  }
  const inManifest = (...lines: string[]) => ({ 'pyproject.toml': `${MANIFEST}[tool.pybun]\n${lines.join('\n')}\n` })
  const user = '../home/.config/pybun/config.toml'
  const named = (settings: Settings | undefined) => settings?.indexes.map(({ name, url }) => `${name} ${url}`)

  it('of every place are asked, the nearest first; one name is one index', async () => {
    const { settings } = await ask(
      ['--index', 'typed=https://typed.example/'],
      { PYBUN_INDEX: 'corp=https://corp.example/' },
      {
        ...inManifest('index = [{"name": "corp", "url": "https://other.example/"}]'),
        [user]: 'index = [{"name": "mine", "url": "https://mine.example/", "explicit": true}]\n',
      },
    )
    expect(named(settings)).toEqual([
      'typed https://typed.example/',
      'corp https://corp.example/',
      'mine https://mine.example/',
    ])
    expect(settings?.project_chose_index).toBe(false)
    expect(settings?.user_urls).not.toContain('https://other.example/')
  })

  it('that only the project names are known as such', async () => {
    const { settings } = await ask([], {}, inManifest('index = [{"name": "corp", "url": "https://corp.example/"}]'))
    expect([settings?.project_chose_index, settings?.user_urls]).toEqual([true, []])
  })

  it('a nearer index-url takes the place of a default, which is then no index to ask', async () => {
    const project = inManifest('index = [{"name": "corp", "url": "https://corp.example/", "default": true}]')
    const { settings: kept } = await ask([], {}, project)
    expect(kept?.indexes).toMatchObject([{ default: true, explicit: false }])
    const { settings: hidden } = await ask(['--index-url', 'https://typed.example/'], {}, project)
    expect(hidden?.indexes).toMatchObject([{ default: false, explicit: true }])
  })

  it('are assigned to packages by name', async () => {
    const lines = ['index = [{"name": "corp", "url": "https://corp.example/"}]', 'sources = {"a": {"index": "corp"}}']
    const { request } = await ask([], {}, inManifest(...lines))
    expect([request?.settings.index_of, request?.indexes]).toEqual([{ a: 'corp' }, { a: 'corp' }])
    const { diagnostics } = await ask([], {}, inManifest('sources = {"a": {"index": "crop"}}', ...lines.slice(0, 1)))
    expect(diagnostics[0]).toMatchObject({
      code: 'config/unknown-index',
      hint: 'Did you mean `corp`?',
      context: { line: 6, index: 'crop', package: 'a', known: ['corp'] },
    })
  })

  it('what narrows a resolution is handed on as it was written', async () => {
    const { request } = await ask(
      ['--exclude-newer', '7 days', '--only-binary=a,b', '--pre', '--prefer-binary', '-f', '/wheels', '--no-index'],
      { PYBUN_NO_BINARY: 'c d' },
      inManifest('constraints = ["a<2"]', 'excludes = ["x"]', 'environments = ["sys_platform == \'linux\'"]'),
    )
    expect(request).toMatchObject({
      exclude_newer: '7 days',
      only_binary: ['a', 'b'],
      no_binary: ['c', 'd'],
      prefer_binary: true,
      prereleases: 'allow',
      constraints: ['a<2'],
      excludes: ['x'],
      environments: ["sys_platform == 'linux'"],
      settings: { find_links: ['/wheels'], no_index: true, refresh: false },
    })
  })

  it('wrong values are refused with their place', async () => {
    const lines = ['exclude-newer = "soon"', 'constraints = ["a<2", "<2"]', 'keyring-provider = "subprocess"']
    const { diagnostics } = await ask([], {}, inManifest(...lines))
    expect(diagnostics.map(({ code, context }) => [code, context?.line, context?.key])).toEqual([
      ['config/wrong-type', 6, 'exclude-newer'],
      ['config/wrong-type', 7, 'constraints[1]'],
      ['config/not-for-projects', 8, 'keyring-provider'],
    ])
    const typed = await ask(['--exclude-newer', 'soon'], {}, inManifest())
    expect(typed.diagnostics[0]).toMatchObject({ code: 'cli/usage', context: { option: '--exclude-newer' } })
    const variable = await ask([], { PYBUN_EXCLUDE_NEWER: 'soon' }, inManifest())
    expect(variable.diagnostics[0]).toMatchObject({ code: 'config/wrong-variable' })
  })

  it('refresh and offline exclude each other, wherever offline is said', async () => {
    const { diagnostics } = await ask(['--refresh'], { PYBUN_OFFLINE: '1' }, inManifest())
    expect(diagnostics[0]).toMatchObject({
      code: 'cli/usage',
      context: { first: '--refresh', second: 'PYBUN_OFFLINE' },
    })
  })
})
