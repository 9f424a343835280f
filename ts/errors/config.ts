import type { Problem } from '../model/problem.ts'
import { nearest } from './nearest.ts'

export interface Place {
  path: string
  line: number | null
  column: number | null
}

export function unknownKey(key: string, place: Place, known: string[]): Problem {
  const near = nearest(key, known)
  return {
    code: 'config/unknown-key',
    message: `${at(place)}: \`${key}\` is not a setting of PyBun`,
    hint: near ? `Did you mean \`${near}\`?` : `The settings are ${known.join(', ')}`,
    context: { ...place, key, ...(near ? { nearest: near } : {}) },
  }
}

export function wrongType(key: string, place: Place, expected: string): Problem {
  return {
    code: 'config/wrong-type',
    message: `${at(place)}: \`${key}\` must be ${expected}`,
    hint: `Correct the value of \`${key}\` in ${place.path}`,
    context: { ...place, key, expected },
  }
}

export function unknownIndex(index: string, package_name: string, place: Place, known: string[]): Problem {
  const near = nearest(index, known)
  return {
    code: 'config/unknown-index',
    message: `${at(place)}: \`${package_name}\` is assigned to the index \`${index}\`, and there is none of that name`,
    hint: near
      ? `Did you mean \`${near}\`?`
      : `Add a table [[tool.pybun.index]] with name = "${index}" and its url to pyproject.toml`,
    context: { ...place, index, package: package_name, known, ...(near ? { nearest: near } : {}) },
  }
}

export function notForProject(
  { key, option, variable }: { key: string; option?: string; variable?: string },
  { may, because }: { may: 'nothing' | 'versions'; because: string },
  place: Place,
): Problem {
  const refused = may === 'versions' ? 'may name versions of Python, and no program' : `may not choose \`${key}\``
  const ways = [
    option ? `as \`--${option}\`` : [],
    variable ? `as ${variable}` : [],
    'in your own configuration',
  ].flat()
  return {
    code: 'config/not-for-projects',
    message: `${at(place)}: a project ${refused}: ${because}`,
    hint: `Give it ${ways.slice(0, -1).join(', ')} or ${ways.at(-1)}`,
    context: { ...place, key },
  }
}

export function wrongVariable(variable: string, expected: string): Problem {
  return {
    code: 'config/wrong-variable',
    message: `The environment variable ${variable} must be ${expected}`,
    context: { variable, expected },
  }
}

function at(place: Place): string {
  return place.line === null ? place.path : `${place.path}:${place.line}:${place.column ?? 1}`
}
