import { defineConfig } from 'tsup'

const entry = [
  'src/index.ts',
  'src/index.node.ts',
  'src/node.ts',
  'src/worker.ts',
  'src/controller.ts',
  'src/controller.node.ts',
  'src/testing.ts',
  'src/testing.node.ts',
  'src/zts.ts',
  'src/zts.node.ts',
  'src/pcap.ts',
  'src/cli.ts',
  'src/central.ts',
]

export default defineConfig({
  entry,
  format: ['esm'],
  // TypeScript 6 refuses the `baseUrl` that tsup injects for declarations unless told otherwise
  dts: { compilerOptions: { ignoreDeprecations: '6.0' } },
  sourcemap: true,
  clean: true,
  target: 'node20',
  platform: 'neutral',
  external: [/^node:/],
  treeshake: true,
  splitting: true,
})
