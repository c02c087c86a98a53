import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Plugin } from 'esbuild'
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

/** Modules of Node stay outside; a bundled CommonJS package, which cannot `require` in a module, gets them all the same. */
const builtins: Plugin = {
  name: 'builtins',
  setup(build) {
    build.onResolve({ filter: /^node:/ }, ({ path, kind }) =>
      kind === 'require-call' ? { path, namespace: 'builtin' } : { path, external: true },
    )
    build.onLoad({ filter: /^/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('${path}')`,
    }))
  },
}

/** The licence of a package that is bundled stays with its code. */
const licences: Plugin = {
  name: 'licences',
  setup(build) {
    build.onLoad({ filter: /node_modules\/commander\/index\.js$/ }, async ({ path }) => {
      const [code, licence] = await Promise.all(
        [path, join(dirname(path), 'LICENSE')].map((one) => readFile(one, 'utf8')),
      )
      return { contents: `/*! commander\n${licence}*/\n${code}` }
    })
  },
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
  removeNodeProtocol: false,
  esbuildPlugins: [builtins, licences],
  treeshake: true,
  splitting: true,
})
