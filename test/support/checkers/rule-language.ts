import { compileRules } from '../../../src/protocol/network/rule-language/compile.ts'
import { attempt, type Checker, differs, failed } from '../checker.ts'

/**
 * Sources against what deployed compilers made of them. Where the note says *sign quirk*, they took the absolute value
 * of half a mask as a signed number: there the true mask is expected, which follows from the words of the source.
 * Columns are informative, lines are not.
 */
export const ruleCompiler: Checker = (file) =>
  file.cases.map((c, i) =>
    attempt(`${i} ${c.note}`, () => {
      const compiled = compileRules(c.source)
      if (c.ok !== true)
        return compiled._tag === 'Right'
          ? failed('compiled what deployed compilers refuse')
          : differs('line', compiled.left.line, c.error_line)
      if (compiled._tag === 'Left') return failed(JSON.stringify(compiled.left))
      const expected = String(c.note).includes('sign quirk') ? withTrueMasks(c) : c.result
      return differs('result', compiled.right, expected)
    }),
  )

const withTrueMasks = (c: { readonly source: string; readonly result: object }): unknown => {
  const lists = [...c.source.matchAll(/\bchr (\S+?);/g)].map(([, list]) => list!.split(','))
  let next = 0
  return JSON.parse(JSON.stringify(c.result), (key, value) =>
    key === 'mask'
      ? lists[next++]!.reduce((mask, one) => mask | (1n << BigInt(bits[one] ?? Number(one))), 0n)
          .toString(16)
          .padStart(16, '0')
      : value,
  )
}
const bits: Readonly<Record<string, number>> = { inbound: 63, multicast: 62 }
