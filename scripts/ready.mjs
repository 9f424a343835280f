// Everything that must hold before a change is done; CI runs the same. Stops at the first failure.
// `node scripts/ready.mjs [step ...]` runs only the named steps.
import { spawnSync } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { missing as missingScenarios } from '../tests/scenarios/folder.mjs'
import { ROOT } from './platforms.mjs'

const vitest = (project) => ['vitest', 'run', '--project', project]

const STEPS = [
  { name: 'build', command: ['node', 'scripts/prepare.mjs', '--require'] },
  { name: 'format', command: ['cargo', 'fmt', '--all', '--check'] },
  { name: 'lint', command: ['biome', 'ci', '.'] },
  { name: 'types', command: ['tsc', '--noEmit'] },
  { name: 'clippy', command: ['cargo', 'clippy', '--locked', '--workspace', '--all-targets', '--', '-D', 'warnings'] },
  { name: 'rust', command: ['cargo', 'test', '--locked', '--workspace', '--quiet'] },
  { name: 'unit', command: vitest('unit') },
  { name: 'tidy', command: vitest('tidy') },
  { name: 'cli', command: vitest('cli') },
  { name: 'worlds', command: vitest('worlds') },
  { name: 'scenarios', command: vitest('scenarios'), absent: missingScenarios },
  { name: 'package', command: ['vitest', 'run', '--config', 'tests/package/vitest.config.ts'] },
]

const named = process.argv.slice(2)
const unknown = named.filter((name) => !STEPS.some((step) => step.name === name))
if (unknown.length > 0) {
  console.error(`unknown step: ${unknown.join(', ')}; there are ${STEPS.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}

// As `npm run` has it, so that a step needs no npm between.
const env = { ...process.env, PATH: [join(ROOT, 'node_modules', '.bin'), process.env.PATH].join(delimiter) }
const steps = STEPS.filter(({ name }) => named.length === 0 || named.includes(name))
let passed = 0
const left = []
for (const { name, command, absent } of steps) {
  const [program, ...args] = command
  // What a step needs from outside may be missing at home, and then it says so; CI has to have it.
  const why = absent?.()
  if (why && !process.env.CI && named.length === 0) {
    console.log(`\n== ${name} NOT RUN: ${why}`)
    left.push(name)
    continue
  }
  console.log(`\n== ${name}: ${command.join(' ')}`)
  const start = performance.now()
  const { status } = spawnSync(program, args, { cwd: ROOT, env, stdio: 'inherit', shell: process.platform === 'win32' })
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  if (status !== 0) {
    console.log(`== ${name} failed after ${seconds} s`)
    console.log(`\n${passed} passed, 1 failed`)
    process.exit(1)
  }
  console.log(`== ${name} passed in ${seconds} s`)
  passed += 1
}
console.log(`\n${passed} passed, 0 failed${left.length > 0 ? `, NOT RUN: ${left.join(', ')}` : ''}`)
