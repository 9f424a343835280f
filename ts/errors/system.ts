import type { Problem } from '../model/problem.ts'

/** Translates what the operating system refuses; `null` when it is none of its refusals, so ours. */
export function fileProblem(error: unknown, action: 'read' | 'write', path: string): Problem | null {
  const code = (error as NodeJS.ErrnoException | null)?.code
  const context = { path, errno: code }
  switch (code) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return {
        code: 'system/permission-denied',
        message: `Not allowed to ${action} ${path}`,
        hint: code === 'EROFS' ? 'The file system is read-only' : 'Look at the owner and the mode of the file',
        context,
      }
    case 'ENOSPC':
    case 'EDQUOT':
      return {
        code: 'system/disk-full',
        message: `No space is left to write ${path}`,
        hint: 'Free some space; the old file is unharmed',
        context,
      }
    case 'ELOOP':
    case 'EISDIR':
    case 'ENOTDIR':
    case 'EEXIST':
      return { code: 'system/wrong-kind', message: `${path} is not the kind of file that was expected`, context }
    case 'ENOENT':
      return { code: 'system/not-found', message: `There is no ${path}`, context }
    case 'EMFILE':
    case 'ENFILE':
      return { code: 'system/too-many-files', message: 'Too many files are open', hint: 'Raise `ulimit -n`', context }
    default:
      return null
  }
}

export function notAFile(path: string): Problem {
  return {
    code: 'system/wrong-kind',
    message: `${path} is no regular file`,
    hint: 'A directory, a pipe or a device lies where a file is expected',
    context: { path },
  }
}

export function tooLong(path: string, limit_bytes: number): Problem {
  return {
    code: 'system/too-long',
    message: `${path} is longer than ${limit_bytes >> 20} MiB`,
    hint: 'No such file is that long; look at what lies there',
    context: { path },
  }
}

export function notUtf8(path: string): Problem {
  return { code: 'system/not-utf8', message: `${path} is not UTF-8 text`, context: { path } }
}

export function addonMissing(triple: string, reason: string): Problem {
  return {
    code: 'system/addon-missing',
    message: `The native part of PyBun for ${triple} is not installed (${reason})`,
    hint: 'Install again without leaving out optional dependencies, e.g. `npm install -g pybun`; in a clone: `npm ci`',
    context: { triple },
  }
}
