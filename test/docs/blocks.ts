import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

const inFolder = (folder: string): readonly string[] =>
  readdirSync(join(root, folder)).flatMap((file) => (file.endsWith('.md') ? [`${folder}/${file}`] : []))
export const texts: readonly string[] = ['README.md', 'CONTRIBUTING.md', ...inFolder('docs'), ...inFolder('docs/guide')]
export const read = (file: string): string => readFileSync(join(root, file), 'utf8')

export interface Block {
  readonly file: string
  readonly i: number
  readonly code: string
  /** It needs something of the outside, so it is compiled and not run. */
  readonly isFragment: boolean
  /** The file that it is, if its first line says so: `// root.ts`. */
  readonly name: string | undefined
}

/** The blocks of TypeScript in a document: ` ```ts ` runs when pasted, ` ```ts fragment ` compiles. */
export const blocksOf = (file: string): readonly Block[] =>
  [...read(file).matchAll(/^```ts( fragment)?\n([\s\S]*?)^```/gm)].map(([, fragment, code], i) => ({
    ...{ file, i, code: code! },
    isFragment: fragment !== undefined,
    name: /^\/\/ ([\w-]+\.ts)$/m.exec(code!.split('\n')[0]!)?.[1],
  }))
export const blocks: readonly Block[] = texts.flatMap(blocksOf)
