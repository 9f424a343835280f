#!/usr/bin/env node
/**
 * Records the part of a package index that a set of requirements needs, so that tests/index/serve.mjs can serve it:
 *   node benches/record.mjs DIRECTORY [--set trio ...] [--from INDEX_URL]
 * uv and PyBun lock and install the set through a local index that fetches what it lacks and keeps it. DIRECTORY belongs
 * outside of the repository: it holds other people's wheels.
 */
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { directorySource } from '../tests/index/directory.mjs'
import { startIndex } from '../tests/index/index.mjs'
import { startProject } from './cases.mjs'
import { pybun, python, uv } from './programs.mjs'
import { manifest, SETS } from './sets.mjs'
import { readZipMember } from './unzip.mjs'

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { set: { type: 'string', multiple: true, default: ['trio'] }, from: { type: 'string' } },
})
const [target] = positionals
if (!target) {
  console.error('usage: node benches/record.mjs DIRECTORY [--set trio ...] [--from INDEX_URL]')
  process.exit(2)
}
await record(resolve(target))

async function record(directory) {
  for (const name of ['pages', 'files']) mkdirSync(join(directory, name), { recursive: true })
  const upstream = options.from ?? (await indexOfPip())
  const index = await startIndex({ source: recordingSource(directory, upstream) })
  const work = mkdtempSync(join(tmpdir(), 'pybun-record-'))
  const interpreter = python()
  try {
    for (const set of options.set) {
      for (const program of [uv(tmpdir()), pybun()]) {
        console.log(`${program.version}: ${set}`)
        const at = join(work, `${set}-${program.name}`)
        const box = { home: work, cache: `${at}.cache`, index: index.url, python: interpreter.executable }
        startProject({ manifest: manifest(SETS[set], interpreter.version) }, at)
        for (const argv of [program.argv.lock, program.argv.install]) {
          await promisify(execFile)(program.file, argv, { cwd: at, env: program.env(box), maxBuffer: 2 ** 26 })
        }
      }
    }
  } finally {
    await index.close()
    rmSync(work, { recursive: true, force: true })
  }
  const failed = index.requests.filter(({ status }) => status >= 400)
  console.log(`${index.requests.length} requests, ${failed.length} without an answer`)
  for (const { status, path } of failed) console.log(`  ${status} ${path}`)
}

/**
 * A directory that fills itself. Wheels are declared to have metadata as a real index declares them, whether or not the
 * upstream does; where it has none, METADATA comes out of the wheel.
 */
function recordingSource(directory, upstream) {
  const recorded = directorySource(directory)
  /** @type {Map<string, string>} */
  const urls = new Map()
  const fetchPage = async (name) => {
    const url = new URL(`${name}/`, upstream)
    const response = await fetch(url, { headers: { accept: 'application/vnd.pypi.simple.v1+json' } })
    if (response.status === 404) return null
    const page = await checked(response).json()
    for (const file of page.files) {
      file.url = new URL(file.url, response.url).href
      file['core-metadata'] ??= file.filename.endsWith('.whl')
    }
    await save(join(directory, 'pages', `${name}.json`), JSON.stringify(page))
    return page
  }
  const fetchFile = async (filename) => {
    const response = await fetch(urls.get(filename) ?? raise(`no page named ${filename}`))
    await save(join(directory, 'files', filename), Buffer.from(await checked(response).arrayBuffer()))
  }
  const fetchMetadata = async (wheel) => {
    const response = await fetch(`${urls.get(wheel) ?? raise(`no page named ${wheel}`)}.metadata`)
    if (response.ok)
      return save(join(directory, 'files', `${wheel}.metadata`), Buffer.from(await response.arrayBuffer()))
    if ((await recorded.file(wheel)) === null) await fetchFile(wheel)
    const bytes = await readFile(join(directory, 'files', wheel))
    await save(join(directory, 'files', `${wheel}.metadata`), readZipMember(bytes, /^[^/]+\.dist-info\/METADATA$/))
  }
  return {
    names: recorded.names,
    page: async (name) => {
      const page = (await recorded.page(name)) ?? (await fetchPage(name))
      for (const file of page?.files ?? []) urls.set(file.filename, file.url)
      return page
    },
    file: async (filename) => {
      const known = await recorded.file(filename)
      if (known !== null) return known
      await (filename.endsWith('.metadata')
        ? fetchMetadata(filename.slice(0, -'.metadata'.length))
        : fetchFile(filename))
      return recorded.file(filename)
    },
  }
}

/** The index that an unconfigured pip uses, asked of pip itself. */
async function indexOfPip() {
  const code = 'from pip._internal.models.index import PyPI; print(PyPI.simple_url)'
  const { stdout } = await promisify(execFile)(python().executable, ['-c', code])
  return `${stdout.trim().replace(/\/$/, '')}/`
}

async function save(path, content) {
  const temporary = `${path}.${randomUUID()}`
  await writeFile(temporary, content)
  await rename(temporary, path)
}

/** @param {Response} response */
function checked(response) {
  return response.ok ? response : raise(`${response.status} from ${response.url}`)
}

/** @returns {never} */
function raise(message) {
  throw new Error(message)
}
