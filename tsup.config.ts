import { defineConfig } from 'tsup'

const entry = {
  index: 'src/index.ts',
  'index.node': 'src/index.node.ts',
  node: 'src/node.ts',
  controller: 'src/controller.ts',
  testing: 'src/testing.ts',
}

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
