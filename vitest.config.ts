import { defineConfig } from 'vitest/config'

const source = (file: string): string => new URL(`./src/${file}`, import.meta.url).pathname

export default defineConfig({
  resolve: {
    alias: [
      { find: /^rxzt$/, replacement: source('index.node.ts') },
      { find: /^rxzt\/node$/, replacement: source('node.ts') },
      { find: /^rxzt\/(controller|testing)$/, replacement: source('$1.node.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/interop/**', 'node_modules/**'],
    testTimeout: 60_000,
    maxWorkers: 2,
    reporters: ['default', './test/support/summary-reporter.ts'],
  },
})
