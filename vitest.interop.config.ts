import { defineConfig } from 'vitest/config'
import { alias } from './vitest.alias.ts'

/** Peers of another make, in network namespaces: opt-in, one file at a time. See docs/interop.md. */
export default defineConfig({
  resolve: { alias },
  test: {
    include: ['test/interop/**/*.interop.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    fileParallelism: false,
    maxConcurrency: 8,
  },
})
