import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const minute_ms = 60_000

export default defineConfig({
  test: {
    root: fileURLToPath(new URL('.', import.meta.url)),
    name: 'package',
    include: ['*.test.ts'],
    testTimeout: 3 * minute_ms,
    hookTimeout: 3 * minute_ms,
  },
})
