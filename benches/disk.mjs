#!/usr/bin/env node
/**
 * What each further environment takes on the disk while the cache stays, of PyBun and of uv:
 *   node benches/disk.mjs --index DIR [--set web] [--environments 3] [--tree] [--work DIR] [--json FILE]
 * Blocks that the file system gave out are counted, each file once however many names it has. One plain environment is what
 * the first has when nothing is shared with it.
 */
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startIndex } from '../tests/index/index.mjs'
import { startLocked, startProject } from './cases.mjs'
import { startMeasuring } from './measure.mjs'
import { pybun, python, uv } from './programs.mjs'
import { manifest, SETS } from './sets.mjs'

const { values: options } = parseArgs({
  options: {
    index: { type: 'string' },
    set: { type: 'string', default: 'web' },
    environments: { type: 'string', default: '3' },
    tree: { type: 'boolean' },
    work: { type: 'string', default: tmpdir() },
    json: { type: 'string' },
  },
})
if (!options.index || !SETS[options.set]) {
  console.error('usage: node benches/disk.mjs --index DIR [--set web] [--environments 3] [--tree]')
  process.exit(2)
}
await main(options.index)

/** @param {string} directory */
async function main(directory) {
  const work = realpathSync(mkdtempSync(join(options.work, 'pybun-bench-')))
  const interpreter = python()
  const measuring = startMeasuring(interpreter.executable)
  const index = await startIndex({ directory })
  try {
    const rows = []
    for (const program of [uv(options.work), pybun()]) {
      if (options.tree && program.name === 'pybun' && !program.hasTreeLinks()) {
        throw new Error(`${program.version} has no tree links`)
      }
      rows.push(await measure({ program, work, index: index.url, interpreter, measuring }))
    }
    const mib = (bytes) => (bytes / 2 ** 20).toFixed(1)
    console.log(
      `set ${options.set}${options.tree ? ', tree links' : ''}, ${options.environments} further environments\n`,
    )
    console.log(
      '| program | cache MiB | one plain environment MiB | each further one MiB | saved |\n|---|---|---|---|---|',
    )
    for (const { program, cache, plain, further, saved } of rows) {
      console.log(`| ${program} | ${mib(cache)} | ${mib(plain)} | ${mib(further)} | ${(saved * 100).toFixed(1)} % |`)
    }
    if (options.json) writeFileSync(options.json, `${JSON.stringify({ set: options.set, rows }, null, 2)}\n`)
  } finally {
    measuring.stop()
    await index.close()
    rmSync(work, { recursive: true, force: true })
  }
}

async function measure({ program, work, index, interpreter, measuring }) {
  const at = (name) => join(work, program.name, name)
  mkdirSync(at('home'), { recursive: true })
  const box = { home: at('home'), cache: at('cache'), index, python: interpreter.executable }
  const run = (cwd, argv, more = {}) =>
    measuring.run([program.file, ...argv], { cwd, env: { ...program.env(box), ...more } })
  const side = { program, settled: at('settled'), manifest: manifest(SETS[options.set], interpreter.version) }
  startProject(side, side.settled)
  await run(side.settled, program.argv.install)
  const seen = new Set()
  const cache = newBytes(box.cache, seen)
  const plain = newBytes(join(side.settled, program.environment), new Set())
  newBytes(join(side.settled, program.environment), seen)
  const places = Array.from({ length: Number(options.environments) }, (_, n) => at(`further-${n}`))
  for (const place of places) {
    await run(startLocked(side, place), program.argv.installLocked, options.tree ? program.treeLinks : {})
  }
  const grown = newBytes(box.cache, seen)
  const added = grown + places.reduce((sum, place) => sum + newBytes(join(place, program.environment), seen), 0)
  const further = added / places.length
  return { program: program.version, cache, plain, further, saved: 1 - further / plain }
}

/** Of everything below `directory` that is not in `seen`, which gets it. Links to elsewhere are not followed. */
function newBytes(directory, seen) {
  let bytes = 0
  const walk = (path) => {
    const found = lstatSync(path)
    const key = `${found.dev}:${found.ino}`
    if (!seen.has(key)) bytes += found.blocks * 512
    seen.add(key)
    if (found.isDirectory()) for (const name of readdirSync(path)) walk(join(path, name))
  }
  walk(directory)
  return bytes
}
