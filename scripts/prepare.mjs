// Makes a checkout work: builds addon, engine, launcher and CLI, and links them as an installed `pybun` finds them.
// What is fresh is skipped. A missing tool is said in one sentence and is no failure of `npm ci`: the tests fail then.
// `--require` makes it one.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { buildCli, buildLauncher, buildNative } from './build.mjs'
import { directoryOf, generate, hostPlatform, ROOT } from './platforms.mjs'

const required = process.argv.includes('--require')
const platform = hostPlatform()
const missing = whatIsMissing()
if (missing) {
  console.error(`PyBun is not built: ${missing}`)
  process.exit(required ? 1 : 0)
}

const absent = ['crates/launcher/Cargo.toml', 'crates/addon/Cargo.toml', 'ts/cli/main.ts'].filter(
  (path) => !existsSync(join(ROOT, path)),
)
try {
  generate(platform)
  link(platform)
  const has = (path) => !absent.includes(path)
  if (has('ts/cli/main.ts')) await step('cli', () => buildCli())
  if (has('crates/launcher/Cargo.toml')) await step('launcher', () => buildLauncher(platform, { locked: required }))
  if (has('crates/addon/Cargo.toml')) await step('addon and engine', () => buildNative(platform, { locked: required }))
} catch (error) {
  console.error(`PyBun is not built: ${error.message}`)
  process.exit(1)
}
if (absent.length > 0) {
  console.error(`PyBun is not built: ${absent.join(' and ')} not in this checkout.`)
  process.exit(required ? 1 : 0)
}

/** One sentence that names the first missing thing and what to do, or null. */
function whatIsMissing() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19)) return `Node.js ${process.versions.node} is older than 20.19.`
  if (!platform) return `there is no package for ${process.platform} on ${process.arch} yet.`
  if (!answers('cargo')) return 'Rust is missing; install it from https://rustup.rs and run `npm run prepare`.'
  if (platform.os === 'win32') return null
  const compiler = process.env.CC || 'cc'
  if (!answers(compiler)) return `the C compiler \`${compiler}\` is missing; install one and run \`npm run prepare\`.`
  return null
}

function answers(program) {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0
}

async function step(name, build) {
  const start = performance.now()
  const built = await build()
  if (built) console.log(`built ${name} in ${((performance.now() - start) / 1000).toFixed(1)} s`)
}

/** `@pybun/<triple>` for Node's resolution from anywhere in the checkout, and for the package in npm/pybun. */
function link(platform) {
  for (const modules of [join(ROOT, 'node_modules'), join(ROOT, 'npm', 'pybun', 'node_modules')]) {
    const place = join(modules, '@pybun', platform.triple)
    const target = directoryOf(platform)
    mkdirSync(dirname(place), { recursive: true })
    rmSync(place, { recursive: true, force: true })
    symlinkSync(platform.os === 'win32' ? target : relative(dirname(place), target), place, 'junction')
  }
  if (!existsSync(join(ROOT, 'node_modules', '.bin'))) {
    throw new Error('node_modules/.bin is missing; run `npm ci`.')
  }
}
