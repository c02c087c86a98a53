import { defineConfig } from 'vitest/config'
import { alias } from './vitest.alias.ts'

export default defineConfig({
  resolve: { alias },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/**/*.interop.test.ts', 'node_modules/**'],
    setupFiles: ['./test/support/setup.ts'],
    testTimeout: 60_000,
    maxWorkers: 2,
    reporters: ['default', './test/support/summary-reporter.ts'],
  },
})
