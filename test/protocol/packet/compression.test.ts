import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../src/protocol/kernel/rng.ts'
import {
  compress,
  compressPacket,
  decompress,
  MOST_PAYLOAD,
  payloadOf,
} from '../../../src/protocol/packet/compression.ts'
import { isCompressed, verbOf } from '../../../src/protocol/packet/header.ts'
import { unhex } from '../../support/checker.ts'

/** Data that repeats itself at all distances: words of a small vocabulary, and runs. */
const talk = fc
  .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.integer({ min: 1, max: 60 })), {
    minLength: 1,
    maxLength: 40,
  })
  .chain((words) => fc.array(fc.constantFrom(...words), { maxLength: 60 }))
  .map((words) =>
    Uint8Array.from(words.flatMap(([word, times]) => Array.from({ length: times }, () => [...word]).flat())),
  )
  .map((data) => data.subarray(0, MOST_PAYLOAD))

describe('compression', () => {
  it('gives back what it was given', () => {
    fc.assert(
      fc.property(fc.oneof(talk, fc.uint8Array({ maxLength: 3000 })), (data) => {
        const block = compress(data)
        if (block === undefined) return
        expect(block.length).toBeLessThan(data.length)
        expect(Buffer.compare(decompress(block, data.length)!, data)).toBe(0)
        expect(decompress(block, data.length - 1)).toBeUndefined()
      }),
      { numRuns: 200 },
    )
  })

  it('keeps the end of the block as the format demands: five literals, no match in the last twelve', () => {
    for (let size = 65; size < 120; size++) {
      const block = compress(new Uint8Array(size).fill(7))!
      expect(decompress(block, size)).toEqual(new Uint8Array(size).fill(7))
      expect(block.subarray(-5)).toEqual(new Uint8Array(5).fill(7))
    }
  })

  it('leaves short data and noise alone', () => {
    expect(compress(new Uint8Array(64))).toBeUndefined()
    expect(compress(new Uint8Array(65))).toBeDefined()
    expect(compress(seededRandom(1)(1400))).toBeUndefined()
    expect(compress(new Uint8Array(MOST_PAYLOAD + 1))).toBeUndefined()
  })

  it('makes little of what says little', () => {
    expect(compress(new Uint8Array(MOST_PAYLOAD))!.length).toBeLessThan(60)
  })
})

describe('decompression', () => {
  it('never throws and never exceeds its bound, whatever it is fed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(2000), (data, most) => {
        const found = decompress(data, most)
        if (found !== undefined && data.length > 0) expect(found.length).toBeLessThanOrEqual(most)
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    ['says nothing at length', '00'],
    ['ends in the middle of its literals', '5068656c6c'],
    ['ends in the middle of a literal length', 'f0ff'],
    ['ends in the middle of a distance', '106101'],
    ['refers to nothing', '10610000506263646566'],
    ['refers to what was before it', '10610200506263646566'],
    ['ends with a match', '10610100'],
    ['ends in the middle of a match length', '1f610100ff'],
  ])('refuses a block that %s', (_, block) => {
    expect(decompress(unhex(block), MOST_PAYLOAD)).toBeUndefined()
  })

  it('takes nothing as nothing', () => {
    expect(decompress(unhex(''), MOST_PAYLOAD)).toEqual(unhex(''))
  })

  it('lets a match run over what it produces', () => {
    expect(decompress(unhex('18610100506263646566'), 100)).toEqual(new TextEncoder().encode(`${'a'.repeat(13)}bcdef`))
  })
})

describe('a packet', () => {
  const packet = (payload: Uint8Array): Uint8Array => {
    const made = new Uint8Array(28 + payload.length)
    made[27] = 0x10
    made.set(payload, 28)
    return made
  }

  it('is marked when it was compressed, and says the same', () => {
    const payload = new Uint8Array(500).fill(0x61)
    const sent = compressPacket(packet(payload))
    expect([isCompressed(sent), verbOf(sent), sent.length < 60]).toEqual([true, 0x10, true])
    expect(payloadOf(sent)).toEqual(payload)
  })

  it('stays what it is when nothing is gained', () => {
    const noise = packet(seededRandom(2)(500))
    expect(compressPacket(noise)).toBe(noise)
    expect(payloadOf(noise)).toEqual(noise.subarray(28))
  })
})
