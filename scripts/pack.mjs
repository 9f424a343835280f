// Packs what is published: the main package and the packages of the platforms that are built in this checkout.
// As a program: `node scripts/pack.mjs [--all] [directory]` prints the tarballs (default: target/packages). `--all`
// wants every platform, as a release does, and fails when one is not built.
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { directoryOf, engineName, generate, launcherName, manifestOf, PLATFORMS, ROOT, version } from './platforms.mjs'

/** Returns `{ name, tarball }` of each package, platforms first: the order in which they must be published. */
export function pack(directory, { all = false } = {}) {
  checkVersions()
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  const unbuilt = PLATFORMS.filter((platform) => !isBuilt(platform))
  if (all && unbuilt.length > 0) {
    throw new Error(`not built: ${unbuilt.map(({ triple }) => triple).join(', ')}`)
  }
  const built = PLATFORMS.filter((platform) => !unbuilt.includes(platform))
  if (built.length === 0) throw new Error('no platform is built; run `npm run prepare`')
  const packed = built.map((platform) => {
    const source = generate(platform)
    if (platform.os !== 'win32') for (const name of programs(platform)) chmodSync(join(source, name), 0o755)
    return { name: manifestOf(platform).name, tarball: npmPack(source, directory) }
  })
  const staged = stageMain(join(directory, 'staged'))
  packed.push({ name: 'pybun', tarball: npmPack(staged, directory) })
  rmSync(staged, { recursive: true })
  return packed
}

/** The main package as it is published: with README, licence and the platforms as optional dependencies. */
function stageMain(staged) {
  const source = join(ROOT, 'npm', 'pybun')
  const manifest = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'))
  if (!existsSync(join(source, 'dist', 'main.mjs'))) throw new Error('the CLI is not built; run `npm run prepare`')
  mkdirSync(staged)
  for (const entry of manifest.files) cpSync(join(source, entry), join(staged, entry), { recursive: true })
  for (const file of ['README.md', 'LICENSE']) copyFileSync(join(ROOT, file), join(staged, file))
  manifest.optionalDependencies = Object.fromEntries(
    PLATFORMS.map((platform) => [manifestOf(platform).name, manifest.version]),
  )
  writeFileSync(join(staged, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  return staged
}

/** One version for the workspace, the main package and the crates. */
function checkVersions() {
  const expected = version()
  const main = JSON.parse(readFileSync(join(ROOT, 'npm', 'pybun', 'package.json'), 'utf8')).version
  const crates = /^\[workspace\.package\]\nversion = "(.+)"$/m.exec(readFileSync(join(ROOT, 'Cargo.toml'), 'utf8'))?.[1]
  if (main !== expected) throw new Error(`npm/pybun/package.json says ${main}, package.json ${expected}`)
  if (crates !== expected) throw new Error(`Cargo.toml says ${crates}, package.json ${expected}`)
}

function isBuilt(platform) {
  return ['pybun.node', ...programs(platform)].every((file) => existsSync(join(directoryOf(platform), file)))
}

function programs(platform) {
  return [launcherName(platform), engineName(platform)]
}

function npmPack(source, directory) {
  const result = spawnSync('npm', ['pack', '--silent', '--pack-destination', directory], {
    cwd: source,
    shell: process.platform === 'win32',
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if (result.status !== 0) throw new Error(`npm pack failed in ${source}`)
  const { name, version } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'))
  return join(directory, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`)
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [directory = join(ROOT, 'target', 'packages')] = process.argv.slice(2).filter((arg) => arg !== '--all')
  try {
    for (const { tarball } of pack(resolve(directory), { all: process.argv.includes('--all') })) console.log(tarball)
  } catch (error) {
    console.error(error.message)
    process.exit(1)
  }
}
