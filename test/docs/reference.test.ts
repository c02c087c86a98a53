import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { root } from './blocks.ts'

const json = <T>(file: string): T => JSON.parse(readFileSync(root + file, 'utf8')) as T
type Target = string | { readonly default: string; readonly node?: { readonly default: string } }

it('the reference has every entry point of the package, as Node gets it', () => {
  const { exports } = json<{ readonly exports: Readonly<Record<string, Target>> }>('package.json')
  const sources = Object.values(exports).flatMap((target) => {
    if (typeof target === 'string') return []
    return [(target.node ?? target).default.replace(/^\.\/dist\/(.*)\.js$/, 'src/$1.ts')]
  })
  const { entryPoints } = json<{ readonly entryPoints: readonly string[] }>('typedoc.json')
  expect(entryPoints.toSorted()).toEqual(sources.toSorted())
})
