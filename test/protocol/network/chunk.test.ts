import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { E } from '../../../src/protocol/kernel/fp.ts'
import { networkId } from '../../../src/protocol/kernel/id.ts'
import {
  type Chunk,
  chunkPackets,
  parseChunk,
  type SignedPart,
  verifyChunk,
} from '../../../src/protocol/network/chunk.ts'
import { addChunk, chunkAssembly, hasChunk } from '../../../src/protocol/network/chunk-assembly.ts'
import { HEADER } from '../../../src/protocol/vl1-io.ts'
import { nobleCrypto } from '../../../src/streams/io/crypto-noble.ts'
import { hex } from '../../support/checker.ts'
import { controllerNode, memberNode } from './nodes.ts'

const network = networkId((BigInt(controllerNode.address) << 24n) | 1n)
const dictionary = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i % 97) + 32)
const chunksOf = (length: number, updateId = 7n, room = 0): readonly Uint8Array[] =>
  chunkPackets(nobleCrypto, controllerNode, network, dictionary(length), updateId, room)
const parsed = (packet: Uint8Array, room = 0): Chunk & { signed: SignedPart } => {
  const found = parseChunk(packet.subarray(HEADER), room)
  if (E.isLeft(found) || found.right.signed === undefined) throw new Error('no signed chunk')
  return { ...found.right, signed: found.right.signed }
}
/** A chunk as the assembly sees it, without the cost of a signature. */
const signedPart = (n: number, total: number, offset: number, updateId = 1n): SignedPart => ({
  fastPropagate: false,
  updateId,
  total,
  offset,
  signature: Uint8Array.from({ length: 96 }, (_, i) => (i < 8 ? (n >>> (8 * (7 - i))) & 0xff : 0)),
  message: new Uint8Array(0),
  bytes: new Uint8Array(0),
})

describe('chunks', () => {
  it('carry a dictionary in signed slices, in place after the room for an OK', () => {
    const packets = chunksOf(20_000, 9n, 9)
    expect(packets.map((packet) => parsed(packet, 9).signed.offset)).toEqual([0, 9740, 19_480])
    for (const packet of packets) {
      const chunk = parsed(packet, 9)
      expect(chunk.network).toBe(network)
      expect(chunk.signed.updateId).toBe(9n)
      expect(verifyChunk(nobleCrypto, controllerNode, chunk.signed)).toBe(true)
      expect(verifyChunk(nobleCrypto, memberNode, chunk.signed)).toBe(false)
      expect(packet.length).toBeLessThanOrEqual(10_024)
    }
  })

  it('are not made of what no receiver takes', () => {
    expect(chunksOf(484_520)).toEqual([])
  })

  it('verify no more once a bit that is signed has changed', () => {
    const packet = chunksOf(50)[0]!.slice()
    packet[HEADER + 12]! ^= 1
    expect(verifyChunk(nobleCrypto, controllerNode, parsed(packet).signed)).toBe(false)
  })

  it('are short wherever they are cut, but for the unsigned form', () => {
    const bytes = chunksOf(20)[0]!.subarray(HEADER)
    for (let n = 0; n < bytes.length; n++) {
      const found = parseChunk(bytes.subarray(0, n), 0)
      if (n === 30) expect(found).toMatchObject(E.right({ signed: undefined }))
      else expect(found).toMatchObject(E.left({ _tag: 'Short' }))
    }
  })

  it.each([
    ['update id', (b: Uint8Array) => b.fill(0, 31, 39)],
    ['config length', (b: Uint8Array) => b.fill(0xff, 39, 43)],
    ['chunk offset', (b: Uint8Array) => b.fill(0x01, 43, 47)],
    ['signature type', (b: Uint8Array) => b.fill(2, 47, 48)],
    ['signature length', (b: Uint8Array) => b.fill(9, 48, 50)],
  ])('are refused for a bad %s', (field, spoil) => {
    const bytes = chunksOf(20)[0]!.slice(HEADER)
    spoil(bytes)
    expect(parseChunk(bytes, 0)).toMatchObject(E.left({ _tag: 'BadField', field }))
  })

  it('never throw on arbitrary bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void parseChunk(bytes, 0)))
  })
})

describe('chunk assembly', () => {
  it('gives the dictionary back, whatever the order', () => {
    const packets = chunksOf(45_000)
    fc.assert(
      fc.property(fc.shuffledSubarray([...packets.keys()], { minLength: packets.length }), (order) => {
        const assembly = chunkAssembly()
        const added = order.map((i) => {
          const chunk = parsed(packets[i]!)
          expect(hasChunk(assembly, chunk.signed)).toBe(false)
          return addChunk(assembly, chunk.signed, chunk.data)
        })
        expect(added.slice(0, -1).every((one) => one._tag === 'Waiting')).toBe(true)
        const last = added.at(-1)!
        expect(last._tag === 'Complete' && hex(last.dictionary) === hex(dictionary(45_000))).toBe(true)
      }),
      { numRuns: 20 },
    )
  })

  it('knows a chunk again, also after the last one', () => {
    const chunk = parsed(chunksOf(20)[0]!)
    const assembly = chunkAssembly()
    expect(addChunk(assembly, chunk.signed, chunk.data)._tag).toBe('Complete')
    expect(hasChunk(assembly, chunk.signed)).toBe(true)
  })

  it('keeps three configurations apart and forgets the one that was not used longest', () => {
    const assembly = chunkAssembly()
    for (const id of [1n, 2n, 3n]) addChunk(assembly, signedPart(1, 10, 0, id), new Uint8Array(5))
    addChunk(assembly, signedPart(2, 20, 0, 1n), new Uint8Array(0)) // refused, but 1 was used
    addChunk(assembly, signedPart(1, 10, 0, 4n), new Uint8Array(5))
    expect([1n, 2n, 3n, 4n].map((id) => hasChunk(assembly, signedPart(1, 10, 0, id)))).toEqual([
      true,
      false,
      true,
      true,
    ])
  })

  it('refuses more than 474 chunks, and a length that contradicts those before', () => {
    const assembly = chunkAssembly()
    for (let n = 0; n < 474; n++)
      expect(addChunk(assembly, signedPart(n, 1000, n), new Uint8Array(1))._tag).toBe('Waiting')
    expect(addChunk(assembly, signedPart(474, 1000, 474), new Uint8Array(1))._tag).toBe('Refused')
    addChunk(assembly, signedPart(0, 10, 0, 2n), new Uint8Array(1))
    expect(addChunk(assembly, signedPart(1, 11, 1, 2n), new Uint8Array(1))._tag).toBe('Refused')
  })
})
