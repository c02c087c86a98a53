import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { membersOfUnion } from '../support/union.ts'

const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
const doc = read('docs/limits.md')

/** `| what | 4 MiB | `NAME` `src/file.ts` | … |` */
const rows = [...doc.matchAll(/^\| ([^|]+) \| ([^|]+) \| `(\w+)` `(src\/[^`]+)` \|/gm)].map(
  ([, what, bound, name, file]) => ({ what: what!, bound: bound!, name: name!, file: file! }),
)

const UNITS: Readonly<Record<string, number>> = {
  ...{ bytes: 1, KiB: 1024, MiB: 1024 * 1024 },
  ...{ ms: 1, s: 1_000, min: 60_000, d: 86_400_000 },
}
/** `4 MiB`, `16 384`, `one in 100 ms`. */
const numberIn = (bound: string): number => {
  const [, digits = '', unit] = /^(?:one in )?([\d ]*\d)(?: (\w+))?$/.exec(bound) ?? []
  return Number(digits.replaceAll(' ', '')) * (unit === undefined ? 1 : (UNITS[unit] ?? Number.NaN))
}

/** The value of a constant, or the default of a parameter, whose expression is plain arithmetic. */
const constantIn = (file: string, name: string): number | undefined => {
  const source = read(file)
  const [, text] =
    new RegExp(`^(?:export )?const ${name}(?:: \\w+)? = (.+)$`, 'm').exec(source) ??
    new RegExp(`\\b${name} = ([\\d_]+)`).exec(source) ??
    []
  if (text === undefined) return undefined
  const terms = text.replaceAll('_', '').split(/ (\+|-|\*|<<) /)
  return terms.slice(1).reduce((value, term, i) => {
    if (i % 2 === 0) return value
    const operand = Number(term)
    const operator = terms[i]
    if (operator === '<<') return value << operand
    return operator === '+' ? value + operand : operator === '-' ? value - operand : value * operand
  }, Number(terms[0]))
}

describe('docs/limits.md', () => {
  it('names bounds of every layer', () => {
    expect(rows.length).toBeGreaterThan(130)
  })
  it.each(rows)('$file: $name is $bound', ({ bound, name, file }) => {
    expect(constantIn(file, name)).toBe(numberIn(bound))
  })
  it('has no row that the test cannot read', () => {
    const tables = doc.slice(0, doc.indexOf('## Reasons for drops'))
    const lines = tables.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| What'))
    expect(lines.length).toBe(rows.length)
  })
  it.each([
    ['DropReason', 'src/protocol/vl1-io.ts'],
    ['FrameDropReason', 'src/protocol/vl2-io.ts'],
    ['StackDropReason', 'src/tcpip/stack-io.ts'],
    ['ControllerDropReason', 'src/protocol/network/controller-io.ts'],
  ])('explains every %s, and no other', (type, file) => {
    const [, section = ''] = doc.split(`### ${type}\n`)
    const [table = ''] = section.split('\n### ')
    const explained = [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, reason]) => reason)
    expect(explained.toSorted()).toEqual(membersOfUnion(file, type).toSorted())
  })
})
