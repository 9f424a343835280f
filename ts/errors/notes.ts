import type { NoteEvent } from '../model/event.ts'

/** What a person sees with `--verbose`. */
type Note = Pick<NoteEvent, 'code' | 'message'>

export function interpreterChosen(version: string, path: string, origin: string): Note {
  return { code: 'python/chosen', message: `Python ${version} at ${path} (${origin})` }
}

export function indexAsked(url: string | null, origin: string): Note {
  return { code: 'config/index', message: url === null ? 'The default index, or that of pip' : `${url} (${origin})` }
}

export function lockKept(): Note {
  return { code: 'lock/kept', message: 'The lock fits what is required, so that nothing is resolved' }
}

export function lockRedone(reasons: string[]): Note {
  return { code: 'lock/redone', message: `Resolving, since ${reasons.join('; ')}` }
}

export function environmentMovedAside(path: string, to: string): Note {
  const message = `${path} was not made by PyBun here: it is ${to} now, and a new one takes its place`
  return { code: 'environment/moved-aside', message }
}

export function waitingForAnother(directory: string): Note {
  return { code: 'project/waiting', message: `Waiting for another pybun that works in ${directory}` }
}
