import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decode, encode, reader } from '../../../src/protocol/kernel/codec.ts'
import { E } from '../../../src/protocol/kernel/fp.ts'
import { readRules, rules } from '../../../src/protocol/network/rule.ts'
import { parseRule, printRule } from '../../../src/protocol/network/rule-json.ts'
import { hex, unhex } from '../../support/checker.ts'

describe('rules', () => {
  it('never throw on arbitrary bytes, and are the same after one more trip', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (input) => {
        const found = decode(rules, input)
        if (E.isRight(found)) expect(decode(rules, encode(rules, found.right))).toEqual(found)
      }),
    )
  })

  it('keep the span of an integer range in 32 bits', () => {
    const found = decode(rules, unhex('3313000000000000000500000002000000070001cf'))
    expect(found).toMatchObject(E.right([{ start: 5n, end: 7n, index: 1, format: 0xcf }]))
  })

  it('stop where the last one says that it ends', () => {
    const r = reader(unhex('0100250208000100'))
    expect(readRules(r, 2)).toMatchObject(E.right([{ _tag: 'Accept' }, { _tag: 'EtherType', value: 0x800 }]))
    expect(r.at).toBe(6)
  })

  it.each(['25', '2502', '1d0600'])('are refused where %s ends too early', (bytes) => {
    expect(decode(rules, unhex(bytes))).toMatchObject(E.left({ _tag: 'Short' }))
  })

  it('keep the code of a type they do not know, and lose its body', () => {
    const found = decode(rules, unhex('bc02beef'))
    expect(found).toEqual(E.right([{ _tag: 'Unknown', code: 0x3c, not: true, or: false }]))
    expect(hex(encode(rules, E.isRight(found) ? found.right : []))).toBe('bc00')
  })
})

describe('rules as JSON', () => {
  it('cut numbers to the width of their field', () => {
    expect(parseRule({ type: 'MATCH_CHARACTERISTICS', mask: -1 })).toMatchObject({ mask: 0xffff_ffff_ffff_ffffn })
    expect(parseRule({ type: 'MATCH_ETHERTYPE', etherType: -1 })).toMatchObject({ value: 0xffff })
  })

  it('never throw, whatever they are', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        parseRule(value as never)
      }),
    )
    fc.assert(
      fc.property(
        fc.constantFrom('MATCH_IPV4_DEST', 'MATCH_ICMP', 'ACTION_TEE', 'MATCH_MAC_SOURCE', 'MATCH_CHARACTERISTICS'),
        fc.dictionary(fc.constantFrom('ip', 'mac', 'mask', 'address', 'length', 'icmpType'), fc.jsonValue()),
        (type, fields) => {
          const found = parseRule({ ...fields, type } as never)
          if (found === undefined) throw new Error('a known type was refused')
          expect(parseRule(printRule(found))).toEqual(found)
        },
      ),
    )
  })
})
