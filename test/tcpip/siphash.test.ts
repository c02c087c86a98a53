import { expect, it } from 'vitest'
import { siphash } from '../../src/tcpip/siphash.ts'

const key = Uint8Array.from({ length: 16 }, (_, i) => i)
/** Lower halves of the reference results for the message 00 01 02 …, the key 00 01 … 0f. */
it.each([
  { words: [], expected: 0xdd0e0e31 },
  { words: [0x03020100], expected: 0x277187b7 },
  { words: [0x03020100, 0x07060504], expected: 0x9a932462 },
])('SipHash-2-4 of $words.length words is the reference result', ({ words, expected }) => {
  expect(siphash(key)(...words)).toBe(expected)
})

it('depends on every word, on their order and on the key', () => {
  const hash = siphash(key)
  const other = siphash(key.map((b) => b ^ 0x80))
  const results = [hash(1, 2), hash(2, 1), hash(1, 2, 0), hash(1), other(1, 2)]
  expect(new Set(results).size).toBe(results.length)
})
