/**
 * Runs every case folder beside this file, once per mode. `PYBUN_UPDATE_CASES=1` records what a run printed and changed;
 * read the difference before you commit it.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { type LocalIndex, startIndex } from '../index/index.mjs'
import { type Case, loadCases, type Mode, type Step } from './harness/case.ts'
import { describeChanges, readTree } from './harness/changes.ts'
import { checkEnvelope } from './harness/envelope.ts'
import { filter, settledLines, withoutEventCounts, withoutVersion } from './harness/filters.ts'
import { type Ran, run } from './harness/run.ts'
import { PYBUN, removeAll, type Sandbox, sandbox } from './harness/sandbox.ts'

const ROOT = fileURLToPath(new URL('.', import.meta.url))
const PACKAGES = JSON.parse(readFileSync(join(ROOT, 'harness', 'packages.json'), 'utf8'))
const update = Boolean(process.env.PYBUN_UPDATE_CASES)

test('there is a pybun to test', () => {
  expect(existsSync(PYBUN), `${PYBUN} is missing: run \`npm ci\``).toBe(true)
})

for (const found of loadCases(ROOT, PACKAGES)) {
  describe.concurrent(found.name, () => {
    test.each(found.modes)(`%s: ${found.about}`, async (mode) => {
      const actual = await play(found, mode)
      const path = join(found.directory, 'expected', `${mode}.txt`)
      if (update) return record(path, actual)
      expect(existsSync(path), `${path} is missing: record it with PYBUN_UPDATE_CASES=1`).toBe(true)
      expect(actual).toBe(readFileSync(path, 'utf8'))
    })
  })
}

async function play(found: Case, mode: Mode): Promise<string> {
  const index = await startIndex(found.index)
  const box = sandbox(join(found.directory, 'project'), index.url)
  try {
    const parts: string[] = []
    for (const step of found.steps) parts.push(await playStep({ step, mode, box, index }))
    return parts.join('\n')
  } finally {
    await index.close()
    box.remove()
  }
}

async function playStep(at: { step: Step; mode: Mode; box: Sandbox; index: LocalIndex }): Promise<string> {
  const { mode, box, index } = at
  const named: [string, string][] = [
    ['[ROOT]', box.root],
    ['[URL]', index.url],
    ['[HOST]', `127.0.0.1:${index.port}`],
  ]
  const text = named.reduce((json, [name, value]) => json.replaceAll(name, value), JSON.stringify(at.step))
  const step: Step = JSON.parse(text)
  await prepare(step, box, index)
  const before = readTree(box.root)
  const enveloped = mode === 'json' && step.envelope !== false && !step.program
  const ran = await run(box, step, enveloped ? ['--format=json'] : [])
  const changes = describeChanges(box.root, before, readTree(box.root), step.show)
  const stdout = enveloped ? shownEnvelope(ran, step) : step.typed ? settledLines(ran.stdout) : ran.stdout
  const told = transcript({ step, ran, stdout, changes })
  const shown = filter(told, { box, port: index.port, python: step.python !== false })
  expect(ran.exit, shown).toBe(step.exit)
  return shown
}

async function prepare(step: Step, box: Sandbox, index: LocalIndex) {
  for (const [path, text] of Object.entries(step.write ?? {})) {
    mkdirSync(dirname(join(box.project, path)), { recursive: true })
    writeFileSync(join(box.project, path), text)
  }
  for (const path of step.remove ?? []) removeAll(join(box.root, path))
  if (step.index === 'down') await index.close()
  else for (const fault of step.index ?? []) index.addFault(fault)
}

function shownEnvelope(ran: Ran, step: Step): string {
  const envelope = checkEnvelope(ran, step.args ?? [])
  return `${JSON.stringify(withoutVersion(withoutEventCounts(envelope)), null, 2)}\n`
}

function transcript(at: { step: Step; ran: Ran; stdout: string; changes: string }): string {
  const { step, ran, stdout, changes } = at
  const command = step.program ?? ['pybun', ...(step.args ?? [])]
  const where = step.cwd ? `${step.cwd} ` : ''
  const lines = [`${where}$ ${command.map(quoted).join(' ')}`, `exit ${ran.exit}`]
  if (stdout !== '') lines.push('---- stdout', stdout.trimEnd())
  if (ran.stderr !== '') lines.push('---- stderr', ran.stderr.trimEnd())
  if (changes !== '') lines.push('---- changed', changes)
  return `${lines.join('\n')}\n`
}

function quoted(word: string): string {
  return /^[\w@%+=:,./[\]-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

function record(path: string, text: string) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
