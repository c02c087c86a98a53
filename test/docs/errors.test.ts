import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { membersOfUnion } from '../support/union.ts'

const root = new URL('../../', import.meta.url)
const doc = readFileSync(new URL('docs/errors.md', root), 'utf8')
const headings = [...doc.matchAll(/^### (E[A-Z_]+)$/gm)].map(([, code]) => code!)

/** Codes that a file makes errors of sockets with. */
const socketCodesIn = (file: string): readonly string[] =>
  [...readFileSync(file, 'utf8').matchAll(/new SocketError\(\s*'(E\w+)'/g)].map(([, code]) => code!)

const apiFiles = readdirSync(new URL('src/api', root), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => new URL(`src/api/${name}`, root).pathname)

const codes = new Set([
  ...membersOfUnion('src/streams/error.ts', 'ZtErrorCode'),
  ...membersOfUnion('src/tcpip/stack-io.ts', 'SocketErrorCode'),
  ...apiFiles.flatMap(socketCodesIn),
])

describe('docs/errors.md', () => {
  it('has a heading for every code that calls can end with, and no other', () => {
    expect(headings.toSorted()).toEqual([...codes].toSorted())
  })
  it('has them in order', () => {
    const own = headings.filter((code) => code.startsWith('ERR_ZT_'))
    const others = headings.filter((code) => !code.startsWith('ERR_ZT_'))
    expect(headings).toEqual([...own.toSorted(), ...others.toSorted()])
  })
  it.each(headings)('%s: when, cause, cure and a message', (code) => {
    const [, section = ''] = doc.split(`### ${code}\n`)
    const [text = ''] = section.split('\n### ')
    expect(text).toMatch(/^\*\*When\*\* /)
    expect(text).toContain('**Cause**')
    expect(text).toContain('**Cure**')
    const example = /^ {4}(.+)$/m.exec(text)?.[1] ?? ''
    expect(example.length).toBeGreaterThan(10)
    if (!code.startsWith('ERR_ZT_')) expect(example).toContain(code)
  })
})
