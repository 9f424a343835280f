import { defineConfig } from 'vitest/config'

const minute_ms = 60_000

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['ts/**/*.test.ts'] } },
      { test: { name: 'tidy', include: ['tests/tidy/**/*.test.ts'], testTimeout: minute_ms } },
      {
        test: {
          name: 'cli',
          include: [
            'tests/cli/**/*.test.ts',
            'tests/hostile/**/*.test.ts',
            'tests/index/**/*.test.ts',
            'tests/compat/**/*.test.ts',
          ],
          exclude: ['**/*.network.test.ts', 'tests/compat/worlds.test.ts'],
          testTimeout: 3 * minute_ms,
          hookTimeout: 3 * minute_ms,
        },
      },
      {
        test: {
          name: 'scenarios',
          include: ['tests/scenarios/*.test.ts'],
          testTimeout: minute_ms,
          hookTimeout: minute_ms,
        },
      },
      { test: { name: 'worlds', include: ['tests/compat/worlds.test.ts'], hookTimeout: minute_ms } },
      {
        test: {
          name: 'network',
          include: ['tests/**/*.network.test.ts'],
          testTimeout: 10 * minute_ms,
          hookTimeout: minute_ms,
        },
      },
    ],
  },
})
