import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { SETTINGS } from './setting.ts'

it('the documentation lists what a project may not say', () => {
  const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8')
  const told = page.split('\n').filter((line) => line.startsWith('| `'))
  const rules = SETTINGS.flatMap(({ key, projects }) =>
    projects ? [`| \`${key}\` | ${projects.may} | ${projects.because} |`] : [],
  )
  expect(told).toEqual(rules)
})
