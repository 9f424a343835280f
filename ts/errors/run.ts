import type { Problem } from '../model/problem.ts'
import { nearest } from './nearest.ts'

export function fileNotFound(path: string): Problem {
  return { code: 'run/file-not-found', message: `There is no file ${path}`, context: { path } }
}

export function targetNotFound(target: string, known: string[]): Problem {
  const near = nearest(target, known)
  return {
    code: 'run/target-not-found',
    message: `\`${target}\` is neither a file, nor a command of the environment, nor on PATH`,
    hint: near
      ? `Did you mean \`pybun run ${near}\`?`
      : `A module runs with \`pybun run -m ${target}\`; a tool runs without installing it: \`pybun x ${target}\``,
    context: { target, ...(near ? { nearest: near } : {}) },
  }
}

export function cannotStart(program: string, reason: string): Problem {
  return { code: 'run/cannot-start', message: `${program} could not be started: ${reason}`, context: { program } }
}

export function commandNotInPackage(command: string, name: string, known: string[], unambiguous: boolean): Problem {
  const only = known.length === 1 ? known[0] : undefined
  const best = only ?? nearest(command, known)
  return {
    code: 'x/no-such-command',
    message: `The package \`${name}\` has no command \`${command}\``,
    hint: known.length ? `It has ${known.join(', ')}` : 'It has no commands at all; it is a library',
    ...(best && unambiguous
      ? { fix: { command: ['pybun', 'x', '--from', name, best], safety: 'review' as const } }
      : {}),
    context: { command, package: name, commands: known },
  }
}

export function programFailed(program: string, exit_code: number): Problem {
  return {
    code: 'run/program-failed',
    message: `${program} ended with exit code ${exit_code}`,
    hint: 'Its own output, in `result.stderr`, says why',
    context: { program, exit_code },
  }
}

export function moduleNotFound(module: string, exit_code: number): Problem {
  const name = module.split('.')[0] ?? module
  return {
    code: 'run/module-not-found',
    message: `The program imports \`${module}\`, which its environment does not have`,
    hint: `If the package is called like the module, \`pybun add ${name}\` adds it`,
    fix: { command: ['pybun', 'add', name], safety: 'review' },
    context: { module, exit_code },
  }
}
