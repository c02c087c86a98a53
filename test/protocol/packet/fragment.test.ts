import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addFragmentHop,
  fragment,
  fragmentHopsOf,
  isPlausibleFragment,
  largestPacket,
  MAX_PIECES,
  numberOf,
  PHYSICAL_MTU,
  piecesNeeded,
  piecesOf,
} from '../../../src/protocol/packet/fragment.ts'
import { classify, destinationOf, MAX_PACKET, packetIdOf } from '../../../src/protocol/packet/header.ts'

const packetOf = (size: number): Uint8Array => {
  const packet = Uint8Array.from({ length: size }, (_, i) => (i * 31) & 0xff)
  packet[13] = 0x28
  return packet
}

describe('a packet too large for a path', () => {
  it('fits in one datagram up to the MTU', () => {
    const packet = packetOf(PHYSICAL_MTU)
    expect(fragment(packet, PHYSICAL_MTU)).toEqual([packet])
  })

  it.each([
    [1432, 1],
    [1433, 2],
    [2848, 2],
    [2849, 3],
    [9928, 7],
    [9929, 8],
    [10_024, 8],
  ])('of %i bytes makes %i datagrams', (size, pieces) => {
    expect(piecesNeeded(size, PHYSICAL_MTU)).toBe(pieces)
    expect(fragment(packetOf(size), PHYSICAL_MTU)).toHaveLength(pieces)
  })

  it('may be 9928 bytes on the usual path, and never more than a packet can be', () => {
    expect(largestPacket(PHYSICAL_MTU)).toBe(9928)
    expect(largestPacket(10_324)).toBe(MAX_PACKET)
    expect(piecesNeeded(largestPacket(1400), 1400)).toBe(MAX_PIECES)
  })

  it('is cut so that every piece fits, is named after it, and all its bytes are there once and in order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 28, max: MAX_PACKET }), fc.integer({ min: 1400, max: 10_324 }), (size, mtu) => {
        const packet = packetOf(size)
        const [head, ...rest] = fragment(packet, mtu)
        expect(head!.length).toBe(Math.min(size, mtu))
        rest.forEach((piece, i) => {
          expect(piece.length).toBeLessThanOrEqual(mtu)
          expect(classify(piece)).toBe('fragment')
          expect(packetIdOf(piece)).toBe(packetIdOf(packet))
          expect(destinationOf(piece)).toBe(destinationOf(packet))
          expect([piecesOf(piece), numberOf(piece), fragmentHopsOf(piece)]).toEqual([rest.length + 1, i + 1, 0])
        })
        expect(Buffer.concat([head!, ...rest.map((piece) => piece.subarray(16))]).equals(packet)).toBe(true)
      }),
      { numRuns: 50 },
    )
  })
})

describe('a fragment', () => {
  const fragmentSaying = (pieces: number, number: number): Uint8Array => {
    const piece = new Uint8Array(20)
    piece[14] = (pieces << 4) | number
    return piece
  }

  it.each([
    [2, 1, true],
    [7, 6, true],
    [7, 0, false],
    [1, 1, false],
    [0, 1, false],
    [8, 1, false],
    [2, 2, false],
    [15, 14, false],
  ])('of %i pieces with number %i is of use: %s', (pieces, number, plausible) => {
    expect(isPlausibleFragment(fragmentSaying(pieces, number))).toBe(plausible)
  })

  it('counts its own hops', () => {
    const piece = fragmentSaying(2, 1)
    addFragmentHop(piece)
    addFragmentHop(piece)
    expect([fragmentHopsOf(piece), piece[14]]).toEqual([2, 0x21])
  })
})
