// Publishes the packed packages in their order, with provenance; what is already there is skipped, so that a release
// which stopped half-way can be run again. `node scripts/publish.mjs [--dry-run]`.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { pack } from './pack.mjs'
import { ROOT, version } from './platforms.mjs'

const dry = process.argv.includes('--dry-run')
const tag = process.env.GITHUB_REF_NAME
if (!dry && tag !== `v${version()}`) {
  console.error(`the tag is ${tag}, the version ${version()}`)
  process.exit(1)
}
try {
  for (const { name, tarball } of pack(join(ROOT, 'target', 'packages'), { all: !dry })) publish(name, tarball)
} catch (error) {
  console.error(error.message)
  process.exit(1)
}

function publish(name, tarball) {
  if (!dry && isPublished(name)) return console.log(`${name} ${version()} is already there`)
  const args = [
    'publish',
    tarball,
    '--access',
    'public',
    ...(dry ? ['--dry-run', '--provenance=false'] : ['--provenance']),
  ]
  if (npm(args, 'inherit').status !== 0) throw new Error(`npm publish failed for ${name}`)
}

function isPublished(name) {
  return npm(['view', `${name}@${version()}`, 'version'], 'pipe').stdout.trim() === version()
}

function npm(args, stdout) {
  return spawnSync('npm', args, {
    encoding: 'utf8',
    shell: process.platform === 'win32',
    stdio: ['ignore', stdout, 'inherit'],
  })
}
