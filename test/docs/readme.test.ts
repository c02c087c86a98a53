import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { blocks, read, root, texts } from './blocks.ts'

describe('code in the documents', { timeout: 180_000 }, () => {
  it.each(blocks.filter(({ isFragment }) => !isFragment))('runs when pasted: $file, block $i', async ({ code }) => {
    const folder = mkdtempSync(join(root, 'test/docs/block-'))
    try {
      writeFileSync(join(folder, 'block.ts'), code)
      const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', join(folder, 'block.ts')], {
        cwd: root,
        timeout: 170_000,
      })
      expect(stdout).not.toBe('')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('docs/README.md leads to every page', () => {
    const index = read('docs/README.md')
    const led = [...index.matchAll(/\]\(([^)#:]+)\)/g)].map(([, target]) => join('docs', target!))
    const pages = texts.filter((file) => file.startsWith('docs/') && file !== 'docs/README.md')
    expect(pages.filter((page) => !led.includes(page))).toEqual([])
  })

  it.each(texts)('%s links only to what exists', (file) => {
    const targets = [...read(file).matchAll(/\]\(([^)#:]+)(#[^)]*)?\)/g)].map((match) => match[1]!)
    for (const target of targets) expect(() => readFileSync(join(root, file, '..', target)), target).not.toThrow()
  })
})
