import { defineConfig } from 'vitest/config'
import { alias } from './vitest.alias.ts'

/** Peers of another make in network namespaces, and a browser: opt-in, one file at a time. See docs/interop.md. */
export default defineConfig({
  resolve: { alias },
  test: {
    include: ['test/{interop,browser}/**/*.interop.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    fileParallelism: false,
    maxConcurrency: 8,
  },
})
