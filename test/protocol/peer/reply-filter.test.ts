import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { expectReply, isExpected, replyFilter } from '../../../src/protocol/peer/reply-filter.ts'

describe('the reply filter', () => {
  it('lets through what was sent and nothing else', () => {
    const filter = replyFilter()
    expectReply(filter, 0xdeadbeef)
    expect(isExpected(filter, 0xdeadbeef)).toBe(true)
    expect(isExpected(filter, 0xdeadbeee)).toBe(false)
    expect(isExpected(filter, 0xfeedbeef)).toBe(false)
  })

  it('remembers the 32 most recent of each ring', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 0xff_ffff }), { minLength: 33, maxLength: 100 }), (ids) => {
        const filter = replyFilter()
        const highs = ids.map((id) => ((id << 8) | 0x42) >>> 0)
        for (const high of highs) expectReply(filter, high)
        const known = highs.filter((high) => isExpected(filter, high))
        expect(known).toEqual(highs.slice(-32))
      }),
      { numRuns: 50 },
    )
  })
})
