// The per-platform packages: `@pybun/<triple>` with the addon and the launcher, generated under npm/platforms/.
// As a program: `node scripts/platforms.mjs [triple ...]` writes the package.json of each (all without arguments).
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

export const ROOT = fileURLToPath(new URL('..', import.meta.url)).replace(/[/\\]$/, '')

/** Every platform we publish for, with its Rust target. */
export const PLATFORMS = [
  { triple: 'linux-x64-gnu', os: 'linux', cpu: 'x64', libc: 'glibc', rust: 'x86_64-unknown-linux-gnu' },
  { triple: 'linux-x64-musl', os: 'linux', cpu: 'x64', libc: 'musl', rust: 'x86_64-unknown-linux-musl' },
  { triple: 'linux-arm64-gnu', os: 'linux', cpu: 'arm64', libc: 'glibc', rust: 'aarch64-unknown-linux-gnu' },
  { triple: 'linux-arm64-musl', os: 'linux', cpu: 'arm64', libc: 'musl', rust: 'aarch64-unknown-linux-musl' },
  { triple: 'darwin-x64', os: 'darwin', cpu: 'x64', libc: null, rust: 'x86_64-apple-darwin' },
  { triple: 'darwin-arm64', os: 'darwin', cpu: 'arm64', libc: null, rust: 'aarch64-apple-darwin' },
  { triple: 'win32-x64-msvc', os: 'win32', cpu: 'x64', libc: null, rust: 'x86_64-pc-windows-msvc' },
  { triple: 'win32-arm64-msvc', os: 'win32', cpu: 'arm64', libc: null, rust: 'aarch64-pc-windows-msvc' },
]

/** The platform of this machine, or undefined when we do not publish for it. */
export function hostPlatform() {
  const libc = process.platform === 'linux' ? hostLibc() : null
  return PLATFORMS.find(
    (platform) => platform.os === process.platform && platform.cpu === process.arch && platform.libc === libc,
  )
}

/** The version of all packages, which is the workspace's. */
export function version() {
  return JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version
}

export function directoryOf({ triple }) {
  return join(ROOT, 'npm', 'platforms', triple)
}

export function launcherName({ os }) {
  return os === 'win32' ? 'pybun.exe' : 'pybun'
}

export function engineName({ os }) {
  return os === 'win32' ? 'pybun-engine.exe' : 'pybun-engine'
}

/** What package.json of the platform's package says. No scripts: pnpm refuses packages that have install scripts. */
export function manifestOf(platform) {
  const { triple, os, cpu, libc } = platform
  return {
    name: `@pybun/${triple}`,
    version: version(),
    description: `The native parts of PyBun for ${triple}`,
    license: 'MIT',
    os: [os],
    cpu: [cpu],
    ...(libc ? { libc: [libc] } : {}),
    files: ['pybun.node', launcherName(platform), engineName(platform)],
    preferUnplugged: true,
    engines: { node: '>=20.19.0' },
    publishConfig: { access: 'public', provenance: true },
  }
}

/** Writes the platform's package but for its three binaries; returns its directory. */
export function generate(platform) {
  const directory = directoryOf(platform)
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'package.json'), `${JSON.stringify(manifestOf(platform), null, 2)}\n`)
  copyFileSync(join(ROOT, 'LICENSE'), join(directory, 'LICENSE'))
  return directory
}

function hostLibc() {
  return process.report.getReport().header.glibcVersionRuntime ? 'glibc' : 'musl'
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const named = process.argv.slice(2)
  const unknown = named.filter((triple) => !PLATFORMS.some((platform) => platform.triple === triple))
  if (unknown.length > 0) {
    console.error(`unknown platform: ${unknown.join(', ')}`)
    process.exit(2)
  }
  for (const platform of PLATFORMS) {
    if (named.length === 0 || named.includes(platform.triple)) console.log(generate(platform))
  }
}
