/** The checker of locks finds what is wrong: each fault put into a lock that is right. */
import { expect, test } from 'vitest'
import { complaints, type Lock } from './check-lock.ts'
import { holds } from './marker.ts'
import { compareVersions, fits } from './version.ts'
import type { World } from './world.ts'

const release = (requires: string[] = [], more = {}) => ({ requires, extras: {}, ...more })
const WORLD: World = {
  seed: 0,
  python: '3.12',
  packages: {
    a: { '1': release(["b<2 ; sys_platform == 'win32'", "b>=2 ; sys_platform != 'win32'"]) },
    b: { '1': release(), '2': release(['c[x]']), '3': release([], { requires_python: '>=3.99' }) },
    c: { '1': release([], { extras: { x: ['d'] } }) },
    d: { '1': release(), '2': release() },
  },
  requirements: ['a', "d ; sys_platform == 'win32'"],
}
const edge = (name: string, version: string, more = {}) => ({
  name,
  version,
  extra: null,
  because_of_extra: null,
  marker: null,
  ...more,
})
const WIN = "sys_platform == 'win32'"
const NOT_WIN = "sys_platform != 'win32'"

function right(): Lock {
  const b = [edge('b', '1', { marker: WIN }), edge('b', '2', { marker: NOT_WIN })]
  return {
    packages: [
      { name: 'a', version: '1', marker: null, dependencies: b },
      { name: 'b', version: '1', marker: WIN, dependencies: [] },
      { name: 'b', version: '2', marker: NOT_WIN, dependencies: [edge('c', '1'), edge('c', '1', { extra: 'x' })] },
      { name: 'c', version: '1', marker: NOT_WIN, dependencies: [edge('d', '2', { because_of_extra: 'x' })] },
      { name: 'd', version: '2', marker: null, dependencies: [] },
    ],
  }
}

test('a lock that is right', () => expect(complaints(WORLD, right())).toEqual([]))

test.each<[string, (lock: Lock) => void, RegExp]>([
  ['a version that does not fit', (lock) => set(lock, 2, { version: '1' }), /needs b>=2 .*, and 1 was chosen/],
  ['a package is missing', (lock) => lock.packages.splice(3, 1), /b 2 needs c\[x\], and c is not there/],
  ['what an extra needs is missing', (lock) => set(lock, 4, { marker: WIN }), /c\[x\] 1 needs d, and d is not there/],
  ['two versions at one place', (lock) => set(lock, 1, { marker: null }), /b is there twice: 1 and 2/],
  ['a package nobody needs', (lock) => set(lock, 3, { marker: null }), /nobody needs c/],
  ['a Python too new', (lock) => set(lock, 2, { version: '3' }), /b 3 needs Python >=3.99/],
  ['an edge too few', (lock) => set(lock, 0, { dependencies: [] }), /edges lead to a==1, and a==1 b==2 c==1 d==2/],
  ['an edge too many', (lock) => lock.packages[1]?.dependencies.push(edge('c', '1')), /edges lead to a==1 b==1 c==1/],
  ['a version that does not exist', (lock) => set(lock, 4, { version: '7' }), /d has no version 7/],
])('%s', (_name, spoil, complaint) => {
  const lock = right()
  spoil(lock)
  expect(complaints(WORLD, lock).join('\n')).toMatch(complaint)
})

test('versions in order', () => {
  const chain = '1.dev1 1a1.dev1 1a1 1a1.post1 1b2 1rc1 1 1+abc.1 1+cpu 1+5 1.post1.dev1 1.post1 1.1 1!0.5'.split(' ')
  for (const [at, version] of chain.entries()) {
    for (const [other, than] of chain.entries()) {
      expect(Math.sign(compareVersions(version, than)), `${version} ${than}`).toBe(Math.sign(at - other))
    }
  }
})

test.each([
  ['1.0+cpu', '==1.0', true],
  ['1.0', '==1.0+cpu', false],
  ['1.0+cpu', '>1.0', false],
  ['1.0.post1', '>1.0', false],
  ['1.0rc1', '<1.0', false],
  ['1.0rc1', '<1.0rc2', true],
  ['1.5', '~=1.4', true],
  ['2.0', '~=1.4', false],
  ['1.4.5', '~=1.4.2,!=1.4.5', false],
  ['1.4.5', '==1.4.*', true],
  ['1!1.4', '==1.4.*', false],
])('%s %s', (version, specifiers, fit) => expect(fits(version, specifiers)).toBe(fit))

test.each([
  ["python_version < '3.10'", true],
  ["python_version < '3.10' and sys_platform == 'linux'", false],
  ["sys_platform == 'linux' or python_version < '3.10' and os_name == 'nt'", true],
  ["(sys_platform == 'linux' or python_version < '3.10') and os_name == 'posix'", false],
  ["'3.8' < python_version", true],
  ["'win' in sys_platform and sys_platform not in 'linux darwin'", true],
])('%s', (marker, truth) => {
  const point = { python_version: '3.9', python_full_version: '3.9.1', sys_platform: 'win32', os_name: 'nt' }
  expect(holds(marker, point)).toBe(truth)
})

function set(lock: Lock, at: number, what: object) {
  Object.assign(lock.packages[at] as object, what)
}
