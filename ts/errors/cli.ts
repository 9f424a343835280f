import type { Problem } from '../model/problem.ts'
import { nearest } from './nearest.ts'

export function unknownCommand(word: string, names: string[]): Problem {
  if (word.endsWith('.py')) {
    return {
      code: 'cli/usage',
      message: `\`${word}\` is not a command`,
      hint: `To run a file, say \`pybun run ${word}\``,
      fix: { command: ['pybun', 'run', word], safety: 'review' },
      context: { word },
    }
  }
  const meant = OF_OTHERS[word]
  if (meant) {
    return {
      code: 'cli/usage',
      message: `\`${word}\` is not a command`,
      hint: `\`${meant.join(' ')}\` does that here`,
      fix: { command: meant, safety: 'review' },
      context: { word },
    }
  }
  if (word === 'pip') {
    return {
      code: 'cli/usage',
      message: '`pip` is not a command',
      hint: '`pybun add NAME` adds to the project, `pybun install -r FILE` installs what a file lists; `pybun run -m pip` is pip itself',
      fix: { command: ['pybun', '--help'], safety: 'safe' },
      context: { word },
    }
  }
  const near = nearest(word, names)
  return {
    code: 'cli/usage',
    message: `\`${word}\` is not a command`,
    hint: near ? `Did you mean \`pybun ${near}\`?` : '`pybun --help` lists the commands',
    fix: { command: near ? ['pybun', near] : ['pybun', '--help'], safety: 'review' },
    context: { word, ...(near ? { nearest: near } : {}) },
  }
}

/** What other package managers call it. */
const OF_OTHERS: Record<string, string[]> = {
  sync: ['pybun', 'install'],
  update: ['pybun', 'upgrade'],
  list: ['pybun', 'tree'],
  freeze: ['pybun', 'export', '--to', 'requirements'],
}

export function missingCommand(): Problem {
  return {
    code: 'cli/usage',
    message: 'A command is missing',
    hint: 'Begin with `pybun init -y`, `pybun run script.py` or `pybun x ruff check`; `pybun --help` lists all commands',
    fix: { command: ['pybun', '--help'], safety: 'safe' },
  }
}

export function unknownOption(option: string, command: string | null, known: string[]): Problem {
  if (command === 'add' && (option === '-r' || option === '--requirement' || option === '--requirements')) {
    return {
      code: 'cli/usage',
      message: `\`${option}\` is not an option of \`pybun add\``,
      hint: '`pybun init --from FILE` takes what a requirements file lists into pyproject.toml; `pybun install -r FILE` only installs it',
      fix: { command: ['pybun', 'init', '--help'], safety: 'safe' },
      context: { option, command },
    }
  }
  const near = nearest(option, known)
  const help = ['pybun', ...(command ? [command] : []), '--help']
  return {
    code: 'cli/usage',
    message: `\`${option}\` is not an option of \`${command ? `pybun ${command}` : 'pybun'}\``,
    hint: near ? `Did you mean \`${near}\`?` : `\`${help.join(' ')}\` lists the options`,
    fix: { command: help, safety: 'safe' },
    context: { option, command, ...(near ? { nearest: near } : {}) },
  }
}

export function optionNeedsValue(option: string, value_name: string): Problem {
  return { code: 'cli/usage', message: `\`${option}\` needs a value: \`${option} ${value_name}\``, context: { option } }
}

export function optionTakesNoValue(option: string): Problem {
  return { code: 'cli/usage', message: `\`${option}\` takes no value`, context: { option } }
}

export function badChoice(option: string, value: string, choices: string[]): Problem {
  const near = nearest(value, choices)
  return {
    code: 'cli/usage',
    message: `\`${value}\` is not a value of \`${option}\``,
    hint: near ? `Did you mean \`${near}\`?` : `It is one of ${choices.join(', ')}`,
    context: { option, value, choices },
  }
}

export function badOptionValue(option: string, value: string, expected: string): Problem {
  return {
    code: 'cli/usage',
    message: `\`${value}\` is not a value of \`${option}\`, which takes ${expected}`,
    context: { option, value, expected },
  }
}

export function missingArgument(command: string, argument: string, usage: string): Problem {
  return {
    code: 'cli/usage',
    message: `\`pybun ${command}\` needs ${argument}`,
    hint: `Usage: ${usage}`,
    fix: { command: ['pybun', command, '--help'], safety: 'safe' },
    context: { command, argument },
  }
}

export function extraArgument(command: string, word: string, usage: string): Problem {
  return {
    code: 'cli/usage',
    message: `\`pybun ${command}\` does not know what to do with \`${word}\``,
    hint: `Usage: ${usage}`,
    context: { command, word },
  }
}

export function optionsExclude(first: string, second: string): Problem {
  return { code: 'cli/usage', message: `\`${first}\` and \`${second}\` exclude each other`, context: { first, second } }
}

export function interrupted(): Problem {
  return { code: 'cli/interrupted', message: 'Interrupted; no file was left half-written' }
}

export function crash(error: unknown): Problem {
  const message = error instanceof Error ? error.message : String(error)
  return {
    code: 'cli/crash',
    message: `This is a bug in PyBun: ${message}`,
    hint: 'Please report it, with the command and this message',
    context: error instanceof Error && error.stack ? { stack: error.stack } : {},
  }
}

export function badNumber(option: string, value: string): Problem {
  return {
    code: 'cli/usage',
    message: `\`${value}\` is not a value of \`${option}\``,
    hint: 'It is a whole number, 0 or more',
    context: { option, value },
  }
}

export function noTerminal(command: string, instead: string[]): Problem {
  return {
    code: 'cli/no-terminal',
    message: `\`${command}\` asks questions, and there is no terminal to ask them on`,
    hint: `\`${instead.join(' ')}\` asks nothing`,
    fix: { command: instead, safety: 'safe' },
    context: { command },
  }
}

export function missingOption(command: string, option: string, usage: string): Problem {
  return {
    code: 'cli/usage',
    message: `\`pybun ${command}\` needs \`${option}\``,
    hint: `Usage: ${usage}`,
    fix: { command: ['pybun', command, '--help'], safety: 'safe' },
    context: { command, option },
  }
}
