import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileRules } from '../../../../src/protocol/network/rule-language/compile.ts'

const compiled = (source: string) => {
  const result = compileRules(source)
  if (result._tag === 'Left') throw new Error(JSON.stringify(result.left))
  return result.right
}
const refusal = (source: string) => {
  const result = compileRules(source)
  return result._tag === 'Left' ? result.left : undefined
}
const types = (source: string) => compiled(source).config.rules.map(({ type }) => type)

describe('the compiler', () => {
  it('puts the matches of a statement before its action', () => {
    expect(types('drop\n  not ethertype ipv4\n  and not ethertype arp\n;\naccept;\n')).toEqual([
      'MATCH_ETHERTYPE',
      'MATCH_ETHERTYPE',
      'ACTION_DROP',
      'ACTION_ACCEPT',
    ])
  })

  it('says where and why a source is wrong, with columns that count from 0 in every line', () => {
    expect(refusal('drop dport 65536;\n')).toEqual({
      line: 1,
      column: 11,
      message: '"65536" is no range from 0 to 65535',
    })
    expect(refusal('accept\n\tdport http;\n')).toMatchObject({ line: 2, column: 7 })
    expect(refusal('tee 70000 deadbeef01;\n')).toMatchObject({ line: 1, column: 4 })
    expect(refusal('# a comment\r\nredirect dead;\r\n')).toMatchObject({ line: 2, column: 9 })
  })

  it('emits every bit of a mask that was asked for', () => {
    const mask = (list: string) => compiled(`drop chr ${list};\n`).config.rules[0]!['mask']
    expect(mask('inbound,multicast')).toBe('c000000000000000')
    expect(mask('31,0')).toBe('0000000080000001')
    expect(mask('inbound,31,tcp_fin')).toBe('8000000080000001')
  })

  it('matches a flag of bit 31 by its value without a sign', () => {
    const { config, tagsByName } = compiled('tag a id 1 flag 31 x flag x,0 y default y;\ndrop tand a y;\n')
    expect(config.rules[0]).toMatchObject({ id: 1, value: 0x8000_0001 })
    expect(config.tags).toEqual([{ id: 1, default: 0x8000_0001 }])
    expect(tagsByName['a']!.flags).toEqual({ x: -0x8000_0000, y: -0x7fff_ffff })
  })

  it('takes names of the language of objects for names like others', () => {
    const { tagsByName, capabilitiesByName } = compiled(
      'tag __proto__ id 1 enum 2 constructor;\ncap tostring id 3 accept; ;\ndrop teq __proto__ constructor;\n',
    )
    expect(Object.keys(tagsByName)).toEqual(['__proto__'])
    expect(capabilitiesByName).toEqual({ tostring: 3 })
    expect(refusal('drop teq constructor 1;\n')).toMatchObject({ column: 9 })
    expect(refusal('include constructor\n')).toMatchObject({ column: 8 })
    expect(refusal('drop constructor 1;\n')).toMatchObject({ column: 5 })
  })

  it('ends on macros that include themselves or each other twice', () => {
    expect(refusal('macro a\n include a\n;\ninclude a\n')?.message).toBe('macros include each other too deeply')
    const doubling = Array.from({ length: 40 }, (_, i) => `macro m${i}\n include m${i + 1}\n include m${i + 1}\n;\n`)
    expect(refusal(`${doubling.join('')}macro m40 break;\ninclude m0\n`)?.message).toBe('these rules grow too long')
  })

  it('binds parameters for the body of a macro alone', () => {
    expect(refusal('macro a\n drop dport $p;\n;\nmacro b($p)\n include a\n;\ninclude b(80)\n')).toMatchObject({
      line: 2,
    })
    expect(refusal('macro a($q)\n drop dport $q;\n;\nmacro b($p)\n include a($p)\n;\ninclude b(80)\n')).toMatchObject({
      line: 2,
    })
  })

  it('never throws, whatever it is given', () => {
    const word = fc.constantFrom(
      ...'macro tag cap drop; accept accept; tee -1 deadbeef01 watch redirect break priority include m m($a,$b) m(1,2) m( $a'.split(
        ' ',
      ),
      ...'id 1 default enum flag 0 x not or and dport 1-2 80; chr tcp_syn,63 teq x; ipsrc 10.0.0.0/8 ::/0; icmp ; # \n'.split(
        ' ',
      ),
      'iptos',
      'random',
      '0.5;',
      '\n',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(word, { maxLength: 40 }).map((words) => words.join(' ')),
        ),
        (source) => {
          const result = compileRules(source)
          if (result._tag === 'Right') return
          expect(result.left.line).toBeGreaterThanOrEqual(1)
          expect(result.left.line).toBeLessThanOrEqual(source.split('\n').length)
          expect(result.left.column).toBeLessThan(source.split('\n')[result.left.line - 1]!.length)
        },
      ),
      { numRuns: 1_000 },
    )
  })
})
