/** Invented source distributions, and the build backends that they need, as wheels of the same local index. */
import { readFileSync } from 'node:fs'
import { tarGz } from './archive.mjs'
import { entryPoints, escaped, metadata } from './metadata.mjs'

/**
 * An sdist (PEP 625 file name) of a release. `release.sdist` chooses the backend:
 * `tiny` (a wheel of the index), `in-tree` (backend-path), `setup.py` (no pyproject.toml), `missing-backend`.
 * @param {string} name @param {string} version @param {import('./index.d.mts').Release} release
 * @returns {{filename: string, bytes: Buffer}}
 */
export function sdist(name, version, release) {
  const options = release.sdist === true || !release.sdist ? {} : release.sdist
  const top = `${escaped(name)}-${version}`
  const files = { ...sources(name, version, release, options), ...(options.files ?? {}) }
  const entries = [{ name: `${top}/PKG-INFO`, data: pkgInfo(name, version, release, options) }]
  for (const [path, data] of Object.entries(files)) entries.push({ name: `${top}/${path}`, data })
  if (options.defect === 'path-traversal') entries.push({ name: `${top}/../../../escaped.txt`, data: 'outside\n' })
  if (options.defect === 'symlink') entries.push({ name: `${top}/link`, link: '../../../..' })
  const bytes = tarGz(entries)
  const half = Math.floor(bytes.length / 2)
  return { filename: `${top}.tar.gz`, bytes: options.defect === 'truncated' ? bytes.subarray(0, half) : bytes }
}

/** The releases that sdists of this index build with; put them into `packages` under their names. */
export function backends() {
  const module = (file) => readFileSync(new URL(`python/${file}.py`, import.meta.url), 'utf8')
  return {
    'tiny-backend': { '1.0': { files: { 'tiny_backend.py': module('tiny_backend') } } },
    setuptools: {
      '80.0': {
        requires: ['tiny-backend'],
        files: {
          'setuptools/__init__.py': module('setuptools_stand_in'),
          'setuptools/build_meta.py': module('setuptools_build_meta'),
        },
      },
    },
    hatchling: {
      '1.30': {
        requires: ['tiny-backend'],
        files: { 'hatchling/__init__.py': '', 'hatchling/build.py': 'from tiny_backend import *  # its hooks\n' },
      },
    },
    wheel: { '0.45.0': {} },
  }
}

/** PKG-INFO with metadata 2.2 lets an installer trust it without a build; `dynamic` takes that away. */
function pkgInfo(name, version, release, options) {
  const text = metadata(name, version, release)
  if (!options.dynamic) return text
  return text.replace('Metadata-Version: 2.2', 'Metadata-Version: 2.1').replace(/^Requires-Dist: .*\n/gm, '')
}

function sources(name, version, release, options) {
  const files = release.files ?? { [`${escaped(name)}/__init__.py`]: `__version__ = "${version}"\n` }
  switch (options.backend ?? 'tiny') {
    case 'tiny':
      return { ...files, 'pyproject.toml': pyproject(name, version, release, 'requires = ["tiny-backend"]', options) }
    case 'in-tree': {
      const system = 'requires = []\nbackend-path = ["build"]'
      const backend = readFileSync(new URL('python/tiny_backend.py', import.meta.url), 'utf8')
      return {
        ...files,
        'pyproject.toml': pyproject(name, version, release, system, options),
        'build/tiny_backend.py': backend,
      }
    }
    case 'missing-backend':
      return {
        ...files,
        'pyproject.toml': pyproject(name, version, release, 'requires = ["no-such-backend"]', options),
      }
    case 'setup.py':
      return { ...files, 'setup.py': setupScript(name, version, release, files) }
    default:
      throw new Error(`unknown backend ${options.backend}`)
  }
}

function pyproject(name, version, release, system, options) {
  const lines = ['[build-system]', system, 'build-backend = "tiny_backend"', '', '[project]']
  lines.push(`name = "${name}"`, `version = "${version}"`)
  if (release.requires_python) lines.push(`requires-python = "${release.requires_python}"`)
  if (release.requires) lines.push(`dependencies = ${array(release.requires)}`)
  if (release.scripts) lines.push('', '[project.scripts]', ...pairs(release.scripts))
  if (release.extras) lines.push('', '[project.optional-dependencies]')
  for (const [extra, list] of Object.entries(release.extras ?? {})) {
    lines.push(`${extra} = ${array(list)}`)
  }
  const behaviour = {
    ...(options.fail ? { fail: options.fail } : {}),
    ...(options.print ? { print: options.print } : {}),
  }
  if (Object.keys(behaviour).length > 0) lines.push('', '[tool.tiny-backend]', ...pairs(behaviour))
  return `${lines.join('\n')}\n`
}

/** TOML strings in the quotes that a requirement's marker does not use itself. @param {string[]} texts */
function array(texts) {
  return `[${texts.map((text) => (text.includes("'") ? `"${text}"` : `'${text}'`)).join(', ')}]`
}

/** @param {Record<string, string>} table */
function pairs(table) {
  return Object.entries(table).map(([key, value]) => `${key} = "${value}"`)
}

function setupScript(name, version, release, files) {
  const packages = new Set()
  const modules = []
  for (const path of Object.keys(files)) {
    if (path.includes('/')) packages.add(path.split('/')[0])
    else if (path.endsWith('.py')) modules.push(path.slice(0, -3))
  }
  const points = entryPoints(release) ? Object.entries(release.scripts ?? {}).map((pair) => pair.join('=')) : []
  const keywords = {
    name,
    version,
    packages: [...packages],
    py_modules: modules,
    install_requires: release.requires ?? [],
    entry_points: { console_scripts: points },
  }
  const lines = Object.entries(keywords).map(([key, value]) => `    ${key}=${JSON.stringify(value)},`)
  return `from setuptools import setup\n\nsetup(\n${lines.join('\n')}\n)\n`
}
