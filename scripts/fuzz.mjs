// Runs the fuzz targets one after another: `node scripts/fuzz.mjs [--seconds N] [TARGET ...]`. Needs a nightly Rust.
// What is found is left in `target/fuzz/found/TARGET/`; what was learned in `target/fuzz/corpus/TARGET/`. See fuzz/README.md.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from './platforms.mjs'

const FUZZ = join(ROOT, 'fuzz')
const TARGET = join(resolve(ROOT, process.env.CARGO_TARGET_DIR ?? 'target'), 'fuzz')
/** What libFuzzer needs of the compiler: coverage counters, the operands of comparisons, and memory errors as crashes. */
const FLAGS = [
  '--cfg=fuzzing',
  '-Zsanitizer=address',
  '-Cpasses=sancov-module',
  '-Cllvm-args=-sanitizer-coverage-level=4',
  '-Cllvm-args=-sanitizer-coverage-inline-8bit-counters',
  '-Cllvm-args=-sanitizer-coverage-pc-table',
  '-Cllvm-args=-sanitizer-coverage-trace-compares',
]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '60' } },
})
const all = [...readFileSync(join(FUZZ, 'src', 'main.rs'), 'utf8').matchAll(/^ {4}\("([a-z_]+)", /gm)].map((m) => m[1])
const unknown = positionals.filter((name) => !all.includes(name))
if (unknown.length > 0) {
  console.error(`unknown target: ${unknown.join(', ')}; there are ${all.join(', ')}`)
  process.exit(2)
}

const triple = /host: (.*)/.exec(run('rustc', ['+nightly', '-vV'], { stdio: 'pipe' }).stdout ?? '')?.[1]
if (!triple) {
  console.error('The fuzzer needs a nightly Rust: rustup toolchain install nightly --profile minimal')
  process.exit(1)
}
const build = ['+nightly', 'build', '--locked', '--release', '--manifest-path', join(FUZZ, 'Cargo.toml')]
const environment = { CARGO_TARGET_DIR: TARGET, CARGO_ENCODED_RUSTFLAGS: FLAGS.join('\x1f') }
if (run('cargo', [...build, '--target', triple], { env: environment }).status !== 0) process.exit(1)

const failed = (positionals.length > 0 ? positionals : all).filter((name) => !fuzz(name))
console.log(failed.length === 0 ? 'No target found anything.' : `Look at ${failed.map(found).join(', ')}`)
process.exit(failed.length === 0 ? 0 : 1)

/** @param {string} name */
function fuzz(name) {
  const [corpus, seeds, known] = [
    join(TARGET, 'corpus', name),
    ...['seeds', 'regressions'].map((of) => join(FUZZ, of, name)),
  ]
  for (const directory of [corpus, found(name)]) mkdirSync(directory, { recursive: true })
  const scratch = mkdtempSync(join(tmpdir(), 'pybun-fuzz-'))
  const log = join(TARGET, `${name}.log`)
  const { status, stderr } = run(
    join(TARGET, triple, 'release', 'pybun-fuzz'),
    [
      ...[corpus, seeds, known].filter((directory) => existsSync(directory)),
      `-max_total_time=${values.seconds}`,
      '-rss_limit_mb=1024',
      '-timeout=10',
      '-max_len=16384',
      '-print_final_stats=1',
      `-artifact_prefix=${found(name)}/`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], env: { PYBUN_FUZZ_TARGET: name, TMPDIR: scratch } },
  )
  writeFileSync(log, stderr)
  rmSync(scratch, { recursive: true, force: true })
  const number = (pattern) => pattern.exec(stderr)?.[1] ?? '?'
  const runs = number(/number_of_executed_units:\s*(\d+)/)
  const covered = [...stderr.matchAll(/ cov: (\d+)/g)].at(-1)?.[1] ?? '?'
  const memory = number(/peak_rss_mb:\s*(\d+)/)
  const ok = status === 0 && readdirSync(found(name)).length === 0
  console.log(
    `${ok ? 'ok    ' : 'FOUND '} ${name.padEnd(20)} ${runs} runs, ${covered} places covered, ${memory} MB; ${log}`,
  )
  return ok
}

function found(name) {
  return join(TARGET, 'found', name)
}

function run(program, args, { env = {}, stdio = 'inherit' }) {
  const options = { cwd: ROOT, env: { ...process.env, ...env }, stdio, encoding: 'utf8', maxBuffer: 1 << 28 }
  return spawnSync(program, args, /** @type {any} */ (options))
}
