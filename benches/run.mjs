#!/usr/bin/env node
/**
 * PyBun against uv: node benches/run.mjs [--case NAME ...] [--runs 20] [--set trio] [--latency 20] [--index DIR]
 *   [--network fast|near|line] [--work DIR] [--json FILE]. What the figures mean and which traps they avoid: benches/README.md.
 */
import { spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs'
import { cpus, loadavg, release, type as systemType, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { CASES, startProject } from './cases.mjs'
import { startMeasuring } from './measure.mjs'
import { networks } from './networks.mjs'
import { pybun, python, uv } from './programs.mjs'
import { manifest, PROGRAMS, SETS } from './sets.mjs'
import { spread } from './statistics.mjs'

const { values: options } = parseArgs({
  options: {
    case: { type: 'string', multiple: true, default: Object.keys(CASES) },
    runs: { type: 'string', default: '20' },
    set: { type: 'string', default: 'trio' },
    latency: { type: 'string', default: '20' },
    network: { type: 'string' },
    index: { type: 'string' },
    work: { type: 'string', default: tmpdir() },
    json: { type: 'string' },
  },
})

/** Below this much free space what ended is deleted between two pairs, in spite of what that costs the next ones. */
const FREE_BYTES = 8 * 2 ** 30

await main()

async function main() {
  const unknown = options.case.filter((name) => !CASES[name])
  if (unknown.length > 0) fail(`no such case: ${unknown.join(', ')}. There are ${Object.keys(CASES).join(', ')}`)
  if (!SETS[options.set]) fail(`no such set: ${options.set}. There are ${Object.keys(SETS).join(', ')}`)
  const lines = networks(Number(options.latency))
  if (options.network && !lines[options.network]) {
    fail(`no such network: ${options.network}. There are ${Object.keys(lines).join(', ')}`)
  }
  const needsIndex = options.case.some((name) => CASES[name]?.needsIndex)
  if (needsIndex && !options.index) {
    fail('--index DIR is missing: record one with `node benches/record.mjs DIR`, see benches/README.md')
  }
  const work = realpathSync(mkdtempSync(join(options.work, 'pybun-bench-')))
  const interpreter = python()
  const measuring = startMeasuring(interpreter.executable)
  const index = needsIndex ? await serveIndex(options.index) : null
  try {
    const sides = [uv(options.work), pybun()].map((program) => makeSide({ program, work, index, interpreter }))
    if (needsIndex) for (const side of sides) await settle(side, measuring)
    const results = []
    for (const name of options.case) {
      if (CASES[name].supported?.(sides[1].program) === false) {
        console.error(`${name} is left out: ${sides[1].program.version} cannot do it`)
        continue
      }
      const network = options.network ?? CASES[name].network ?? 'near'
      await index?.setNetwork(lines[network])
      results.push({ network, ...(await compare({ name, sides, work, measuring })) })
    }
    report({ results, sides, interpreter, index })
  } finally {
    measuring.stop()
    const missing = await index?.stop()
    if (missing?.length) console.error(`The recording lacks what was asked for:\n  ${missing.join('\n  ')}`)
    rmSync(work, { recursive: true, force: true }) // only now: deleting between runs slows the file system down
  }
}

function makeSide({ program, work, index, interpreter }) {
  const at = (name) => join(work, program.name, name)
  mkdirSync(at('home'), { recursive: true })
  const box = { home: at('home'), cache: at('cache'), index: index?.url ?? '', python: interpreter.executable }
  return {
    program,
    box,
    cache: box.cache,
    settled: at('settled'),
    again: at('again'),
    code: PROGRAMS[options.set] ?? 'pass',
    manifest: manifest(SETS[options.set], interpreter.version),
  }
}

/** Warms the cache and makes the project in which nothing is to do. The second run is the last that may change anything. */
async function settle(side, measuring) {
  startProject(side, side.settled)
  for (const argv of [side.program.argv.install, side.program.argv.install, side.program.argv.runNothing]) {
    await measuring.run([side.program.file, ...argv], { cwd: side.settled, env: side.program.env(side.box) })
  }
}

/** Pairs of runs, A B B A A B ..., each in directories of its own. The first pair warms up and is thrown away. */
async function compare({ name, sides, work, measuring }) {
  const runs = Number(options.runs)
  const samples = sides.map(() => [])
  const loads = []
  let ended = []
  for (let pair = -1; pair < runs; pair += 1) {
    const order = pair % 2 === 0 ? [0, 1] : [1, 0]
    for (const which of order) {
      const side = sides[which]
      const fresh = join(work, 'runs', `${name}-${pair + 1}-${side.program.name}`)
      mkdirSync(fresh, { recursive: true })
      const { cwd, argv, cache, env: more } = CASES[name].before(side, fresh)
      const env = { ...side.program.env(cache ? { ...side.box, cache } : side.box), ...more }
      const held = join(cwd, side.program.environment, side.program.held)
      const result = await measuring.run([side.program.file, ...argv], { cwd, env, held })
      if (pair >= 0) samples[which].push(result)
      ended.push(fresh, `${fresh}.cache`)
    }
    if (freeBytes() < FREE_BYTES) {
      for (const directory of ended) rmSync(directory, { recursive: true, force: true })
      ended = []
    }
    loads.push(loadavg()[0])
  }
  const [theirs, ours] = samples
  return {
    case: name,
    about: CASES[name].about,
    runs,
    load: { min: Math.min(...loads), max: Math.max(...loads) },
    wall_ms: { uv: spread(theirs.map(wall)), pybun: spread(ours.map(wall)) },
    cpu_ms: { uv: spread(theirs.map(cpu)), pybun: spread(ours.map(cpu)) },
    memory_mib: { uv: spread(theirs.map(memory)), pybun: spread(ours.map(memory)) },
    wall_ratio: spread(ours.map((result, at) => wall(theirs[at]) / wall(result))),
    goal_ratio: spread(ours.map((result, at) => wall(result) / wall(theirs[at]))),
    memory_ratio: spread(ours.map((result, at) => memory(result) / memory(theirs[at]))),
    cpu_ratio: spread(ours.map((result, at) => cpu(theirs[at]) / Math.max(cpu(result), 0.001))),
    samples: { uv: theirs.map(figures), pybun: ours.map(figures) },
  }
}

function freeBytes() {
  const { bavail, bsize } = statfsSync(options.work)
  return bavail * bsize
}

function wall(result) {
  return result.wall_ms
}

function cpu(result) {
  return result.user_ms + result.sys_ms
}

function memory(result) {
  return result.memory_mib
}

function figures({ wall_ms, user_ms, sys_ms, memory_mib }) {
  return { wall_ms, user_ms, sys_ms, memory_mib }
}

function report({ results, sides, interpreter, index }) {
  const machine = {
    cpu: `${cpus().length} x ${cpus()[0]?.model}`,
    memory_gib: Math.round(totalmem() / 2 ** 30),
    system: `${systemType()} ${release()}`,
    file_system: fileSystem(options.work),
    node: process.version,
    python: interpreter.version,
    programs: Object.fromEntries(sides.map(({ program }) => [program.name, program.version])),
  }
  const setting = {
    set: options.set,
    latency_ms: Number(options.latency),
    runs: Number(options.runs),
    index: Boolean(index),
  }
  if (options.json) writeFileSync(options.json, `${JSON.stringify({ machine, setting, results }, null, 2)}\n`)
  console.log(
    `${machine.cpu}, ${machine.system}, ${machine.file_system}; ${Object.values(machine.programs).join(', ')};`,
  )
  console.log(
    `CPython ${machine.python}; set ${setting.set}, latency ${setting.latency_ms} ms, ${setting.runs} pairs\n`,
  )
  console.log(
    '| case | uv ms min / p50 / p95 | pybun ms min / p50 / p95 | uv / pybun min / p50 / p95 / max | pybun / uv p50 / p95 | CPU ms p50 uv, pybun | MiB p50 uv, pybun (pybun / uv) | load |',
  )
  console.log('|---|---|---|---|---|---|---|---|')
  for (const { about, wall_ms, cpu_ms, memory_mib, memory_ratio, wall_ratio, goal_ratio, load } of results) {
    const ratio = [wall_ratio.min, wall_ratio.p50, wall_ratio.p95, wall_ratio.max].map((x) => x.toFixed(2)).join(' / ')
    const busy = `${cpu_ms.uv.p50.toFixed(1)}, ${cpu_ms.pybun.p50.toFixed(1)}`
    const goal = [goal_ratio.p50, goal_ratio.p95].map((x) => x.toFixed(2)).join(' / ')
    const mib = [memory_mib.uv.p50, memory_mib.pybun.p50].map((x) => x.toFixed(1)).join(', ')
    const space = `${mib} (${memory_ratio.p50.toFixed(2)})`
    const loads = `${load.min.toFixed(1)}-${load.max.toFixed(1)}`
    console.log(
      `| ${about} | ${times(wall_ms.uv)} | ${times(wall_ms.pybun)} | ${ratio} | ${goal} | ${busy} | ${space} | ${loads} |`,
    )
  }
}

function times({ min, p50, p95 }) {
  return [min, p50, p95].map((x) => x.toFixed(x < 10 ? 2 : 1)).join(' / ')
}

function fileSystem(path) {
  if (!existsSync('/proc/mounts')) return 'unknown file system'
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
  const holding = mounts.filter(([, mount = '']) => realpathSync(path).startsWith(mount === '/' ? '/' : `${mount}/`))
  return holding.sort(([, a = ''], [, b = '']) => b.length - a.length)[0]?.[2] ?? 'unknown file system'
}

/** The index runs in a process of its own, so that serving it is nobody's measured time. */
async function serveIndex(directory) {
  const script = fileURLToPath(new URL('../tests/index/serve.mjs', import.meta.url))
  const child = spawn(process.execPath, [script, directory, '--latency', options.latency, '--log', '--control'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const { value: url } = await lines.next()
  const setNetwork = async (network) => {
    child.stdin.write(`${JSON.stringify(network)}\n`)
    await lines.next()
  }
  const stop = async () => {
    child.kill('SIGTERM')
    const missing = new Set()
    for await (const line of lines) {
      const [, status, , path] = line.split(' ')
      if (status === '404') missing.add(path)
    }
    return [...missing]
  }
  return { url, setNetwork, stop }
}

function fail(message) {
  console.error(message)
  process.exit(2)
}
