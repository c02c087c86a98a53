import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  parseDictionary,
  printDictionary,
  signed,
  text,
  textValue,
  truth,
  unsigned,
  unsignedValue,
} from '../../../src/protocol/network/dictionary.ts'

const bytes = (value: string): Uint8Array => new TextEncoder().encode(value)
const key = fc.stringMatching(/^[a-z]{1,6}$/)

describe('dictionary', () => {
  it('gives back every value, whatever bytes are in it', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(key, fc.uint8Array()), { selector: ([k]) => k }), (entries) => {
        const found = parseDictionary(printDictionary(entries))
        expect([...found].map(([k, v]) => [k, [...v]])).toEqual(entries.map(([k, v]) => [k, [...v]]))
      }),
    )
  })

  it('reads anything without throwing, and finds no NUL, CR or LF in keys', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (input) => {
        for (const found of parseDictionary(input).keys()) expect(found).not.toMatch(/[\r\n=\0]/)
      }),
    )
  })

  it('gives any 64-bit number back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }), (value) => {
        expect(unsigned(new Map([['k', unsignedValue(value)]]), 'k')).toBe(value)
      }),
    )
  })

  it.each([
    ['', 7n],
    ['zz', 0n],
    ['0x', 0n],
    ['-1', 0xffff_ffff_ffff_ffffn],
    ['+0X1f!', 0x1fn],
    ['\t\n 12', 0x12n],
    ['fffffffffffffffff', 0xffff_ffff_ffff_ffffn],
    ['-fffffffffffffffff', 0xffff_ffff_ffff_ffffn],
  ])('reads %j as the number that C would', (value, expected) => {
    expect(unsigned(new Map([['k', bytes(value)]]), 'k', 7n)).toBe(expected)
  })

  it('cuts numbers after 127 characters', () => {
    expect(unsigned(new Map([['k', bytes(`${'0'.repeat(126)}12`)]]), 'k')).toBe(1n)
  })

  it('saturates signed numbers at both ends', () => {
    expect(signed(new Map([['k', bytes('ffffffffffffffff')]]), 'k')).toBe(0x7fff_ffff_ffff_ffffn)
    expect(signed(new Map([['k', bytes('-ffffffffffffffff')]]), 'k')).toBe(-0x8000_0000_0000_0000n)
  })

  it('takes defaults for what is missing', () => {
    expect([unsigned(new Map(), 'k', 3n), truth(new Map(), 'k', true), text(new Map(), 'k', 9, 'x')]).toEqual([
      3n,
      true,
      'x',
    ])
  })

  it('ends text at the first NUL and at its limit', () => {
    expect(text(new Map([['k', Uint8Array.of(0x61, 0, 0x62)]]), 'k', 9)).toBe('a')
    expect(text(new Map([['k', textValue('abcdef')]]), 'k', 3)).toBe('abc')
  })
})
