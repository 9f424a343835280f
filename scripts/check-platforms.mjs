/**
 * Type-checks the Rust of every platform on this machine: `node scripts/check-platforms.mjs [TRIPLE ...]`. Nothing is linked or
 * run, so a compiler for C that compiles nothing is enough. Needs `rustup target add` for each, which it asks for.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { PLATFORMS, ROOT } from './platforms.mjs'

/** Writes the files that a C compiler or an archiver was asked for, empty. */
const COMPILER = `#!/bin/sh
output=
for argument do
  case $output in next) output=; : > "$argument" ;; esac
  case $argument in
    -o) output=next ;;
    -[Ff]o?*|/[Ff]o?*) : > "\${argument#???}" ;;
    -out:*|/out:*|/OUT:*|-OUT:*) : > "\${argument#?????}" ;;
    *.a|*.lib) : > "$argument" ;;
  esac
done
`

const all = PLATFORMS.map(({ rust }) => rust)
const wanted = process.argv.length > 2 ? process.argv.slice(2) : all
const unknown = wanted.filter((rust) => !all.includes(rust))
if (unknown.length > 0) {
  console.error(`unknown platform: ${unknown.join(', ')}; there are ${all.join(', ')}`)
  process.exit(2)
}

const tools = mkdtempSync(join(tmpdir(), 'pybun-check-platforms-'))
const compiler = join(tools, 'clang')
writeFileSync(compiler, COMPILER)
chmodSync(compiler, 0o755)
/** One crate asks for clang by its name, whatever it is told. */
const PATH = `${tools}${delimiter}${process.env.PATH}`
const failed = []
try {
  for (const rust of wanted) {
    run('rustup', ['target', 'add', rust], {})
    const name = rust.replaceAll('-', '_')
    const environment = { [`CC_${name}`]: compiler, [`AR_${name}`]: compiler, PATH }
    const checked = run('cargo', ['check', '--locked', '--workspace', '--target', rust], environment)
    console.log(`${checked ? 'checked' : 'FAILED'}: ${rust}`)
    if (!checked) failed.push(rust)
  }
} finally {
  rmSync(tools, { recursive: true })
}
console.log(`${wanted.length - failed.length} of ${wanted.length} platforms are right as far as types tell`)
process.exit(failed.length > 0 ? 1 : 0)

/** @param {string} program @param {string[]} args @param {Record<string, string>} environment */
function run(program, args, environment) {
  const { status } = spawnSync(program, args, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...environment } })
  return status === 0
}
