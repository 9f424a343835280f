import { describe, expect, it } from 'vitest'
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

it('relative paths are meant from where they are typed', async () => {
  const { json, project, write } = bench()
  write('pyproject.toml', MANIFEST)
  write('below/file', '')
  const { result } = await json(['config', '--cache-dir', 'here'], { cwd: `${project}/below` })
  const settings = (result as { settings: { key: string; value: unknown }[] }).settings
  expect(settings.find(({ key }) => key === 'cache-dir')?.value).toBe(`${project}/below/here`)
})

it('a project may choose neither the data directory nor the path of an interpreter', async () => {
  const { json, write } = bench()
  write('pyproject.toml', `${MANIFEST}[tool.pybun]\ncache-dir = "here"\npython = "./python"\n`)
  const { diagnostics } = await json(['install'])
  expect(diagnostics.map(({ code, context }) => [code, context?.line])).toEqual([
    ['config/not-for-projects', 6],
    ['config/not-for-projects', 7],
  ])
})
