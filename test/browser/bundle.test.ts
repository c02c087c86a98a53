import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { bundleForBrowser, root } from './bundle.ts'

const { exports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>
}
/** What a browser is given of each entry point; `rxzt/node` says by its name that it is not for one. */
const entries = Object.entries(exports).flatMap(([entry, target]) =>
  typeof target === 'string' || entry === './node' ? [] : [{ entry, file: target.default }],
)

describe('a bundle for the browser', () => {
  it('is made of every entry point but rxzt/node', () => {
    expect(entries.map(({ entry }) => entry)).toEqual(expect.arrayContaining(['.', './controller', './testing']))
  })

  it.each(entries)('$entry: needs nothing of Node', async ({ file }) => {
    const { metafile, outputFiles } = await bundleForBrowser(file)
    const imports = Object.values(metafile.outputs).flatMap((output) => output.imports)
    expect(imports.filter(({ external }) => external === true)).toEqual([])
    expect(Object.keys(metafile.inputs).filter((input) => input.startsWith('node:'))).toEqual([])
    expect(outputFiles[0]!.text).not.toMatch(/["'`]node:/)
  })
})
