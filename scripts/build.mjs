// Builds the three parts of PyBun, each only when its sources have changed since. Each returns whether it did.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { directoryOf, engineName, launcherName, ROOT } from './platforms.mjs'

const TARGET = resolve(ROOT, process.env.CARGO_TARGET_DIR ?? 'target')
const MANIFESTS = ['Cargo.toml', 'Cargo.lock']

/** The launcher is static, so that it starts quickly and does not care for the C library of the machine. */
export function buildLauncher(platform, { locked }) {
  const output = join(directoryOf(platform), launcherName(platform))
  return whenStale(`launcher-${platform.triple}`, ['crates/launcher', 'crates/stamp', ...MANIFESTS], [output], () => {
    const flags = platform.os === 'darwin' ? {} : { RUSTFLAGS: '-C target-feature=+crt-static' }
    cargo(
      ['--profile', 'launcher', '--package', 'pybun-launcher', '--target', platform.rust, ...lockedFlag(locked)],
      flags,
    )
    place(join(TARGET, platform.rust, 'launcher', launcherName(platform)), output)
  })
}

/** The addon and the engine are one compilation with two ends. */
export function buildNative(platform, { locked }) {
  const at = (name) => join(directoryOf(platform), name)
  const parts = [
    { from: addonName(platform), to: at('pybun.node') },
    { from: engineName(platform), to: at(engineName(platform)) },
  ]
  const sources = [...nativeSources(), ...MANIFESTS]
  return whenStale(
    `native-${platform.triple}`,
    sources,
    parts.map(({ to }) => to),
    () => {
      const packages = ['--package', 'pybun-addon', '--package', 'pybun-engine']
      cargo(['--release', ...packages, '--target', platform.rust, ...lockedFlag(locked)], nativeFlags(platform))
      for (const { from, to } of parts) place(join(TARGET, platform.rust, 'release', from), to)
    },
  )
}

/** One bundle with lazy chunks: a command's code is read only when it is called. */
export function buildCli() {
  const dist = join(ROOT, 'npm', 'pybun', 'dist')
  const outputs = [join(dist, 'main.mjs')]
  return whenStale(
    'cli',
    ['ts', 'schemas', 'package.json', 'package-lock.json', 'scripts/build.mjs'],
    outputs,
    async () => {
      const { rolldown } = await import('rolldown')
      const bundle = await rolldown({
        input: { main: join(ROOT, 'ts', 'cli', 'main.ts') },
        platform: 'node',
        external: /^@pybun\//,
        onLog(level, log, report) {
          if (level === 'warn') throw new Error(log.message)
          report(level, log)
        },
      })
      const fresh = `${dist}.${process.pid}`
      await bundle.write({
        dir: fresh,
        format: 'esm',
        entryFileNames: '[name].mjs',
        chunkFileNames: 'chunks/[name]-[hash].mjs',
      })
      await bundle.close()
      if (existsSync(join(ROOT, 'schemas'))) cpSync(join(ROOT, 'schemas'), join(fresh, 'schemas'), { recursive: true })
      rmSync(dist, { recursive: true, force: true })
      renameSync(fresh, dist)
    },
  )
}

/** Runs `build` unless the outputs are there and were made from the same sources. */
async function whenStale(name, sources, outputs, build) {
  const record = join(ROOT, 'target', 'prepared', name)
  const now = fingerprint(sources)
  if (outputs.every((path) => existsSync(path)) && existsSync(record) && readFileSync(record, 'utf8') === now) {
    return false
  }
  rmSync(record, { force: true })
  await build()
  mkdirSync(join(record, '..'), { recursive: true })
  writeFileSync(record, now)
  return true
}

/** A digest over the content of all files at and below the sources. */
function fingerprint(sources) {
  const hash = createHash('sha256')
  const add = (path) => {
    const found = statSync(join(ROOT, path), { throwIfNoEntry: false })
    if (found?.isDirectory()) {
      for (const entry of readdirSync(join(ROOT, path)).sort()) add(`${path}/${entry}`)
    } else if (found) {
      const content = readFileSync(join(ROOT, path))
      hash.update(`${path}\0${content.length}\0`).update(content)
    }
  }
  sources.forEach(add)
  return hash.digest('hex')
}

function nativeSources() {
  const crates = readdirSync(join(ROOT, 'crates')).filter((name) => name !== 'launcher')
  return crates.map((name) => `crates/${name}`)
}

/** A musl target links statically by default, which a library that Node loads cannot. */
function nativeFlags({ libc }) {
  return libc === 'musl' ? { RUSTFLAGS: '-C target-feature=-crt-static' } : {}
}

/** While one works on the manifests, the lock follows; what is checked or published is built from the lock as it is. */
function lockedFlag(locked) {
  return locked ? ['--locked'] : []
}

function addonName({ os }) {
  if (os === 'win32') return 'pybun_addon.dll'
  return os === 'darwin' ? 'libpybun_addon.dylib' : 'libpybun_addon.so'
}

function cargo(args, env) {
  const result = spawnSync('cargo', ['build', ...args], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  if (result.status !== 0) throw new Error(`\`cargo build ${args.join(' ')}\` failed.`)
}

/** A running program or a loaded library keeps its old file: the new one is put in its place by a rename. */
function place(from, to) {
  const temporary = `${to}.${process.pid}`
  copyFileSync(from, temporary)
  renameSync(temporary, to)
}
