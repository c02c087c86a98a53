import { fileURLToPath } from 'node:url'
import { type BuildResult, build, type PluginBuild } from 'esbuild'

export const root = fileURLToPath(new URL('../..', import.meta.url))

type Bundle = BuildResult<{ write: false; metafile: true }>

/** What a bundler makes of a file for a browser: an import that it cannot have there fails the build. */
export const bundleForBrowser = (file: string, inject: readonly string[] = []): Promise<Bundle> =>
  build({
    absWorkingDir: root,
    entryPoints: [file],
    inject: [...inject],
    plugins: [
      {
        name: 'without providers of Node',
        setup: ({ onResolve }: PluginBuild) =>
          onResolve({ filter: /^\.\/providers\.ts$/ }, () => ({ path: `${root}test/browser/providers.ts` })),
      },
    ],
    tsconfigRaw: '{}', // its paths lead to sources, and users have the package
    bundle: true,
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    minify: true,
    write: false,
    metafile: true,
    logLevel: 'silent',
  })
