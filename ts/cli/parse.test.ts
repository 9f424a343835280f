import { describe, expect, it } from 'vitest'
import { Failure } from '../errors/failure.ts'
import { parse } from './parse.ts'

describe('common options', () => {
  it('stand before and after the command', () => {
    const before = parse(['--offline', '--python', '3.12', 'install', '-q'])
    const after = parse(['install', '--python=3.12', '-q', '--offline'])
    expect(before).toEqual(after)
    expect(invocation(after).options).toEqual({ offline: true, python: '3.12', quiet: true })
  })

  it('may be repeated when they are lists', () => {
    const { options } = invocation(parse(['install', '--extra-index-url', 'a', '--extra-index-url=b']))
    expect(options['extra-index-url']).toEqual(['a', 'b'])
  })
})

describe('run', () => {
  it.each([
    [['run', '-q', 'a.py', '--format=json', '-q', '--', '-m']],
    [['run', '-q', '--', 'a.py', '--format=json', '-q', '--', '-m']],
  ])('leaves what is behind the target alone: %j', (argv) => {
    const { positionals, rest, options } = invocation(parse(argv))
    expect({ positionals, rest, options }).toEqual({
      positionals: ['a.py'],
      rest: ['--format=json', '-q', '--', '-m'],
      options: { quiet: true },
    })
  })

  it.each([
    [['run', '-m', 'http.server', '-q', '80']],
    [['run', '-mhttp.server', '-q', '80']],
    [['run', '--module=http.server', '-q', '80']],
  ])('gives a module everything behind it: %j', (argv) => {
    const { positionals, rest, options } = invocation(parse(argv))
    expect({ positionals, rest, options }).toEqual({
      positionals: [],
      rest: ['-q', '80'],
      options: { module: 'http.server' },
    })
  })

  it('takes a dash as stdin', () => {
    expect(invocation(parse(['run', '-', '-x'])).positionals).toEqual(['-'])
  })
})

describe('wrong usage', () => {
  it.each([
    [['instal'], 'Did you mean `pybun install`?'],
    [['script.py'], 'To run a file, say `pybun run script.py`'],
    [['install', '--ofline'], 'Did you mean `--offline`?'],
    [['--format=yaml', 'install'], 'It is one of text, json'],
    [['add'], 'Usage: pybun add [options] REQUIREMENT...'],
    [['config', 'x'], 'Usage: pybun config [options]'],
    [['run'], 'Usage: pybun run [options] TARGET [ARG...]'],
  ])('%j is answered with a hint', (argv, hint) => {
    const problem = failure(argv)
    expect(problem).toMatchObject({ code: 'cli/usage', hint })
  })

  it('names an option that lacks its value', () => {
    expect(failure(['install', '--python']).message).toBe('`--python` needs a value: `--python PYTHON`')
    expect(failure(['install', '--target', '']).message).toBe('`--target` needs a value: `--target DIR`')
    expect(failure(['--cache-dir=', 'install']).message).toBe('`--cache-dir` needs a value: `--cache-dir DIR`')
    expect(failure(['install', '--offline=yes']).message).toBe('`--offline` takes no value')
  })

  it('still tells the format that was read before', () => {
    const options = {}
    expect(() => parse(['--format=json', 'nonsense'], options)).toThrow(Failure)
    expect(options).toEqual({ format: 'json' })
  })
})

it.each([[['--help']], [['help']], [['add', '--help']], [['help', 'add']]])('%j asks for help', (argv) => {
  const parsed = parse(argv)
  expect(parsed).toMatchObject({ kind: 'help', asked: true })
  expect(parsed.kind === 'help' && (parsed.spec?.name ?? null)).toBe(argv.includes('add') ? 'add' : null)
})

function invocation(parsed: ReturnType<typeof parse>) {
  if (parsed.kind !== 'invocation') throw new Error(`not an invocation: ${parsed.kind}`)
  return parsed.invocation
}

function failure(argv: string[]) {
  try {
    parse(argv)
  } catch (error) {
    const problem = error instanceof Failure ? error.problems[0] : undefined
    if (problem) return problem
  }
  throw new Error(`${argv.join(' ')} was accepted`)
}
