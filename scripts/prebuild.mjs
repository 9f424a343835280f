// Builds what a release is made of, one part at a time: `node scripts/prebuild.mjs <triple>` the package of a platform
// into npm/platforms/<triple>, `node scripts/prebuild.mjs cli` the bundle in npm/pybun/dist.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { buildCli, buildLauncher, buildNative } from './build.mjs'
import { directoryOf, generate, hostPlatform, launcherName, PLATFORMS, version } from './platforms.mjs'

const [part] = process.argv.slice(2)
const platform = PLATFORMS.find(({ triple }) => triple === part)
if (part === 'cli') {
  await buildCli()
} else if (platform) {
  const directory = generate(platform)
  await buildLauncher(platform, { locked: true })
  await buildNative(platform, { locked: true })
  if (platform === hostPlatform()) check(directory)
} else {
  console.error(`usage: prebuild.mjs cli | ${PLATFORMS.map(({ triple }) => triple).join(' | ')}`)
  process.exit(2)
}

/** On the platform itself both binaries must start and say the version. */
function check(directory) {
  const launcher = spawnSync(join(directory, launcherName(platform)), ['--version'], { encoding: 'utf8' })
  const addon = createRequire(import.meta.url)(join(directoryOf(platform), 'pybun.node'))
  for (const said of [launcher.stdout?.trim(), `pybun ${addon.version()}`]) {
    if (said !== `pybun ${version()}`) throw new Error(`expected version ${version()}, got ${said}`)
  }
}
