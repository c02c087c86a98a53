import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const inFolder = (folder: string): readonly string[] =>
  readdirSync(join(root, folder)).flatMap((file) => (file.endsWith('.md') ? [`${folder}/${file}`] : []))
const texts = ['README.md', ...inFolder('docs'), ...inFolder('docs/guide')]
const read = (file: string): string => readFileSync(join(root, file), 'utf8')

/** The blocks of a document that claim to run when pasted: `ts` without the word `fragment`. */
const blocks = (file: string): readonly string[] =>
  [...read(file).matchAll(/^```ts( fragment)?\n([\s\S]*?)^```/gm)].flatMap(([, fragment, code]) =>
    fragment === undefined ? [code!] : [],
  )

describe('code in the documents', () => {
  it.each(texts.flatMap((file) => blocks(file).map((code, i) => ({ file, i, code }))))(
    'runs when pasted: $file, block $i',
    async ({ code }) => {
      const folder = mkdtempSync(join(root, 'test/docs/block-'))
      try {
        writeFileSync(join(folder, 'block.ts'), code)
        const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', join(folder, 'block.ts')], {
          cwd: root,
          timeout: 50_000,
        })
        expect(stdout).not.toBe('')
      } finally {
        rmSync(folder, { recursive: true })
      }
    },
  )

  it.each(texts)('%s links only to what exists', (file) => {
    const targets = [...read(file).matchAll(/\]\(([^)#:]+)(#[^)]*)?\)/g)].map((match) => match[1]!)
    for (const target of targets) expect(() => readFileSync(join(root, file, '..', target)), target).not.toThrow()
  })
})
