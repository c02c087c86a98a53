import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Via } from '../../../src/protocol/datagram.ts'
import { fragment } from '../../../src/protocol/packet/fragment.ts'
import { classify } from '../../../src/protocol/packet/header.ts'
import {
  type Assembly,
  addFragment,
  addHead,
  expire,
  expiryOf,
  type Reassembly,
  reassembly,
} from '../../../src/protocol/packet/reassembly.ts'

const via: Via = { endpoint: { address: '10.0.0.1', port: 9993 }, socket: 7 }
const waiting: Assembly = { _tag: 'Waiting', lost: undefined }

const packetOf = (size: number, id = 1): Uint8Array => {
  const packet = Uint8Array.from({ length: size }, (_, i) => (i * 7 + id) & 0xff)
  packet.fill(0, 0, 8)
  packet[6] = id >>> 8
  packet[7] = id
  packet[13] = 0x28
  packet[18] = 0x48
  return packet
}
const add = (ring: Reassembly, datagram: Uint8Array, now = 0): Assembly =>
  (classify(datagram) === 'fragment' ? addFragment : addHead)(ring, datagram, via, now)

describe('reassembly', () => {
  it('puts a packet together whatever the order, and however often a piece comes before the last', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1401, max: 9704 }), fc.infiniteStream(fc.nat()), (size, random) => {
        const packet = packetOf(size)
        const left = [...fragment(packet, 1400)]
        const ring = reassembly()
        const seen: Uint8Array[] = []
        while (left.length > 1) {
          const [one] = left.splice(random.next().value % left.length, 1)
          expect(add(ring, one!)).toEqual(waiting)
          seen.push(one!)
          expect(add(ring, seen[random.next().value % seen.length]!)).toEqual(waiting)
        }
        expect(add(ring, left[0]!)).toEqual({ _tag: 'Assembled', packet, via })
      }),
      { numRuns: 25 },
    )
  })

  it('keeps packets apart by their ID', () => {
    const ring = reassembly()
    const [a, b] = [packetOf(2000, 1), packetOf(2500, 2)]
    const [a0, a1] = fragment(a, 1400)
    const [b0, b1] = fragment(b, 1400)
    expect(add(ring, a1!)).toEqual(waiting)
    expect(add(ring, b0!)).toEqual(waiting)
    expect(add(ring, a0!)).toMatchObject({ _tag: 'Assembled', packet: a })
    expect(add(ring, b1!)).toMatchObject({ _tag: 'Assembled', packet: b })
  })

  it('assembles a packet again that comes again: nothing here detects replay', () => {
    const ring = reassembly()
    const pieces = fragment(packetOf(2000), 1400)
    for (let i = 0; i < 2; i++) expect(pieces.map((piece) => add(ring, piece)._tag)).toEqual(['Waiting', 'Assembled'])
  })

  it('keeps the first copy of a piece', () => {
    const ring = reassembly()
    const packet = packetOf(2000)
    const [head, tail] = fragment(packet, 1400)
    const forged = tail!.slice().fill(0xee, 16)
    add(ring, tail!)
    add(ring, forged)
    expect(add(ring, head!)).toMatchObject({ packet })
  })

  it('believes the latest word on how many pieces there are', () => {
    const ring = reassembly()
    const packet = packetOf(2000)
    const [head, tail] = fragment(packet, 1400)
    const liar = tail!.slice()
    liar[14] = 0x31
    add(ring, liar)
    expect(add(ring, head!)).toEqual(waiting)
    expect(add(ring, tail!)).toMatchObject({ _tag: 'Assembled', packet })
  })

  it('does not take a piece beyond the end for one that is missing', () => {
    const ring = reassembly()
    const [head, , third] = fragment(packetOf(4000), 1400)
    const second = fragment(packetOf(2000), 1400)[1]!
    add(ring, head!)
    add(ring, third!)
    const shortened = third!.slice()
    shortened[14] = 0x21
    expect(add(ring, shortened)).toMatchObject({ _tag: 'Assembled' })
    expect(add(ring, second)).toEqual(waiting)
  })

  it('waits when as many pieces are held as there should be, but not the right ones', () => {
    const ring = reassembly()
    const [head, second, third] = fragment(packetOf(4000), 1400)
    add(ring, head!)
    expect(add(ring, third!)).toEqual(waiting) // two pieces: head and number 2
    const two = third!.slice()
    two[14] = 0x22
    expect(add(ring, two)).toEqual({ _tag: 'Refused', reason: 'bad-fragment' })
    expect(add(ring, second!)).toMatchObject({ _tag: 'Assembled' })
  })

  it('refuses what would be larger than a packet, and forgets it', () => {
    const ring = reassembly()
    const [head, ...rest] = fragment(packetOf(9928), 1432)
    const bloated = new Uint8Array(1600)
    bloated.set(rest[5]!)
    add(ring, head!)
    for (const piece of rest.slice(0, 5)) add(ring, piece)
    expect(add(ring, bloated)).toEqual({ _tag: 'Refused', reason: 'oversized' })
    expect(expiryOf(ring)).toBe(Infinity)
  })

  it('gives the place of the oldest to the thirty-third', () => {
    const ring = reassembly()
    const heads = Array.from({ length: 33 }, (_, id) => fragment(packetOf(2000, id + 1), 1400))
    for (const [head] of heads.slice(0, 32)) expect(add(ring, head!)).toEqual(waiting)
    expect(add(ring, heads[32]![0]!)).toEqual({ _tag: 'Waiting', lost: 'queue-full' })
    expect(add(ring, heads[1]![1]!)).toMatchObject({ _tag: 'Assembled' })
    expect(add(ring, heads[0]![1]!)._tag).toBe('Waiting')
  })

  it('gives up after 5 s', () => {
    const ring = reassembly()
    const [head, tail] = fragment(packetOf(2000), 1400)
    expect(expiryOf(ring)).toBe(Infinity)
    add(ring, head!, 1000)
    expect(expiryOf(ring)).toBe(6000)
    expect(expire(ring, 5999)).toBe(0)
    expect(expire(ring, 6000)).toBe(1)
    expect(add(ring, tail!, 6001)).toEqual(waiting)
  })

  it('does not mix pieces that are 5 s apart, even if nobody told it that time went by', () => {
    const ring = reassembly()
    const [head, tail] = fragment(packetOf(2000), 1400)
    add(ring, head!, 0)
    expect(add(ring, tail!, 5000)).toEqual({ _tag: 'Waiting', lost: 'expired' })
    expect(add(ring, head!, 5001)).toMatchObject({ _tag: 'Assembled' })
  })
})
