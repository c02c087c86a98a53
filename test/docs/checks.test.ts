import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { membersOfUnion } from '../support/union.ts'

const at = (file: string): URL => new URL(`../../${file}`, import.meta.url)
const read = (file: string): string => readFileSync(at(file), 'utf8')
const [, section = ''] = read('docs/limits.md').split('## VL1: checks against hostile packets\n')
const [table = ''] = section.split('\n## ')

/** `| what | limit | counter | `test/file.ts` title |`, the two in the middle `–` if there is none. */
const rows = [
  ...table.matchAll(/^\| ([^|]+) \| (?:`(\w+)` `([^`]+)`|–) \| (?:`([a-z-]+)`|–) \| `([^`]+)` ([^|]+) \|$/gm),
].map(([, what, constant, source, counter, test, title]) => ({
  ...{ what: what!, test: test!, title: title! },
  ...{ constant, source, counter },
}))

const counters = [
  ...membersOfUnion('src/protocol/vl1-io.ts', 'DropReason'),
  ...membersOfUnion('src/protocol/vl2-io.ts', 'FrameDropReason'),
]

describe('the checks against hostile packets in docs/limits.md', () => {
  it('have no row that the test cannot read', () => {
    const lines = table.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| Hostile'))
    expect(lines.length).toBeGreaterThan(35)
    expect(rows.length).toBe(lines.length)
  })

  it.each(rows)('$what: the limit, the counter and the test exist', ({ constant, source, counter, test, title }) => {
    if (constant !== undefined) expect(read(source!)).toMatch(new RegExp(`^(export )?const ${constant}\\b`, 'm'))
    if (counter !== undefined) expect(counters).toContain(counter)
    expect(existsSync(at(test))).toBe(true)
    expect(read(test)).toContain(`it('${title}'`)
  })
})
