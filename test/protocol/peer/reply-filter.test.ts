import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { address } from '../../../src/protocol/kernel/id.ts'
import { expectReply, isExpected, replyFilter } from '../../../src/protocol/peer/reply-filter.ts'
import { verbCode } from '../../../src/protocol/verb/verb-code.ts'

const [peer, other] = [address(0x1122334455), address(0x9922334456)]
const packetOf = (high: number, low = 7): Uint8Array => {
  const packet = new Uint8Array(28)
  new DataView(packet.buffer).setUint32(0, high)
  new DataView(packet.buffer).setUint32(4, low)
  return packet
}

describe('the reply filter', () => {
  it('lets through what answers this packet, and nothing that differs in half of the ID, peer or verb', () => {
    const filter = replyFilter()
    expectReply(filter, packetOf(0xdeadbeef), peer, verbCode.echo)
    expect(isExpected(filter, 0xdeadbeef, 7, peer, verbCode.echo)).toBe(true)
    expect(isExpected(filter, 0xdeadbeee, 7, peer, verbCode.echo)).toBe(false)
    expect(isExpected(filter, 0xfeedbeef, 7, peer, verbCode.echo)).toBe(false)
    expect(isExpected(filter, 0xdeadbeef, 8, peer, verbCode.echo)).toBe(false)
    expect(isExpected(filter, 0xdeadbeef, 7, other, verbCode.echo)).toBe(false)
    expect(isExpected(filter, 0xdeadbeef, 7, peer, verbCode.hello)).toBe(false)
    expect(isExpected(filter, 0xdeadbeef, 7, peer, verbCode.echo | 0x20)).toBe(false)
  })

  it('remembers the 32 most recent of each ring', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 0xff_ffff }), { minLength: 33, maxLength: 100 }), (ids) => {
        const filter = replyFilter()
        const highs = ids.map((id) => ((id << 8) | 0x42) >>> 0)
        for (const high of highs) expectReply(filter, packetOf(high), peer, verbCode.echo)
        const known = highs.filter((high) => isExpected(filter, high, 7, peer, verbCode.echo))
        expect(known).toEqual(highs.slice(-32))
      }),
      { numRuns: 50 },
    )
  })
})
