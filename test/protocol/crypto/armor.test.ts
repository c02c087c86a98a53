import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { suiteFlags } from '../../../src/protocol/crypto/armor.ts'
import { cryptHelloTail } from '../../../src/protocol/crypto/hello-tail.ts'
import type { CipherSuite } from '../../../src/protocol/crypto/suite.ts'
import { hex, unhex } from '../../support/checker.ts'
import { providers } from './providers.ts'

const suites: readonly CipherSuite[] = [0, 1, 3]
const KEY = unhex('1e48ec7274f8479e746d2e7c0808ae1fc9d6f2dcc4a987ba139368bfc975b92f5985441608145ba1fd21670138ca9b2f')
/** A packet of `length` bytes from the verb on, as the published examples have it. */
const example = (length: number): Uint8Array => {
  const packet = new Uint8Array(27 + length)
  packet.set(unhex('01020304050607081122334455aabbccddee00'))
  packet[27] = 6
  for (let i = 0; i < length - 1; i++) packet[28 + i] = i * 7
  return packet
}
const packets = fc.uint8Array({ minLength: 28, maxLength: 400 }).map((packet) => {
  packet[18]! &= 0x40
  return packet
})
const [, oracle] = providers[0]!

describe.each(providers)('%s', (_, crypto) => {
  it('seals the three worked examples', () => {
    const cases: readonly (readonly [CipherSuite, string, string])[] = [
      [
        1,
        '67de7501859e43c7a7bcdc7b912801417d50000000000000000000082f5a4628',
        '67de7501859e43c7a7bcdc7b912801417d508804a2ef093368633222dd033b0f',
      ],
      [
        3,
        'ae9ad78dcca10e23a7bcdc7b912801417d50000000000000000000082f5a4628',
        '374f26ebfee2725aa7bcdc7b912801417d5018b05419168ebb8a8fc380c04890',
      ],
      [
        0,
        '96e37dd0f8e4369aa7bcdc7b912801417d50400000000000000000082f5a4628',
        '96e37dd0f8e4369aa7bcdc7b912801417d50407cc02ce6cd2ac614082f5a4628',
      ],
    ]
    for (const [suite, plain, wire] of cases) {
      const packet = unhex(plain)
      crypto.session(KEY).seal(suite, [packet])
      expect(hex(packet)).toBe(wire)
      expect(crypto.session(KEY).open([packet])).toEqual([true])
      expect(hex(packet.subarray(27))).toBe('082f5a4628')
    }
  })

  it.each([
    [1, 1, '18e4d236d4dacf671e'],
    [1, 17, '254826bee5d3568336cbbfa1fd3d693772bbb1ac939948ff4a'],
    [
      1,
      64,
      '78634f235f88df7719a12a5fc3f2ae075a56e519e53e9894d3265eaa36da9ea9adafd1944f62d1db7a3184db4d0161da77563b8bcac75ec1e615b570adf0169a33b17b6c0a636723',
    ],
    [0, 1, '6e30d35077dbd3eb06'],
    [0, 17, '344ca12ffbb0cd130600070e151c232a31383f464d545b6269'],
  ] as const)('seals suite %i with %i bytes as published', (suite, length, rest) => {
    const packet = example(length)
    crypto.session(Uint8Array.from({ length: 48 }, (_, i) => i)).seal(suite, [packet])
    expect(hex(packet.subarray(19))).toBe(rest)
  })
  it.each([
    [1, 200, '06487d0cee73761f84d9816df97f867ede35f2f1bcac4f63df750159f91bf76c'],
    [1, 777, '96e06c076872c6eb9479b1590e3d6a8ebb353d168449b3034f217afd6d937ad5'],
    [1, 1400, '9761798451a01fe6601408f5d0a6f601812050b630ffdbfdc0762cb397b2da22'],
    [1, 2800, '0b578c871c22833b0336d9ef2f86b5387ce978e77de41ed0e4ef48750a518af2'],
    [0, 1400, '76a03a417c09d145f43d2e799c8ea95287f42db91276adc9510dd93ff2d066b1'],
  ] as const)('seals suite %i with %i bytes to the published hash', async (suite, length, hash) => {
    const packet = example(length)
    crypto.session(Uint8Array.from({ length: 48 }, (_, i) => i)).seal(suite, [packet])
    expect(hex(new Uint8Array(await globalThis.crypto.subtle.digest('SHA-256', packet.slice())))).toBe(hash)
  })

  it('opens what it sealed, in batches of every suite and size, and keeps the fragmented flag', () => {
    const session = crypto.session(KEY)
    const plain = Array.from({ length: 150 }, (_, i) => example(1 + ((i * 37) % 500)))
    for (const packet of plain) packet[18] = packet.length & 0x40
    const sealed = plain.map((packet) => packet.slice())
    for (const suite of suites)
      session.seal(
        suite,
        sealed.filter((_, i) => suites[i % 3] === suite),
      )
    expect(sealed.map((packet) => packet[18])).toEqual(plain.map((p, i) => suiteFlags(p[18]!, suites[i % 3]!)))
    for (const packet of sealed) packet[18]! |= packet.length & 7 // relays count hops
    expect(session.open(sealed)).toEqual(plain.map(() => true))
    expect(sealed.map((packet) => hex(packet.subarray(27)))).toEqual(plain.map((packet) => hex(packet.subarray(27))))
  })
  it('finds the one forgery in a batch', () => {
    const session = crypto.session(KEY)
    for (const suite of suites) {
      const batch = Array.from({ length: 70 }, (_, i) => example(20 + i))
      session.seal(suite, batch)
      batch[41]![30]! ^= 4
      expect(session.open(batch)).toEqual(batch.map((_, i) => i !== 41))
    }
  })
  it('keeps sessions apart that take turns', () => {
    const sessions = [1, 2, 3].map((n) => crypto.session(new Uint8Array(48).fill(n)))
    for (let round = 0; round < 4; round++)
      sessions.forEach((session, i) => {
        const packet = example(100)
        session.seal(3, [packet])
        expect(sessions[(i + 1) % 3]!.open([packet.slice()])).toEqual([false])
        expect(session.open([packet])).toEqual([true])
      })
  })
  it('carries the longest packets there are', () => {
    const session = crypto.session(KEY)
    for (const suite of suites) {
      const batch = Array.from({ length: 40 }, () => example(10324 - 27))
      session.seal(suite, batch)
      expect(session.open(batch).every(Boolean)).toBe(true)
      expect(batch.every((packet) => hex(packet.subarray(27)) === hex(example(10324 - 27).subarray(27)))).toBe(true)
    }
  })
  it('refuses runts, trusted paths and reserved suites, and an empty batch gives an empty answer', () => {
    const session = crypto.session(KEY)
    const refused = [0, 1, 18, 19, 27].map((length) => new Uint8Array(length))
    const other = [2, 4, 5, 6, 7].map((suite) => {
      const packet = example(40)
      packet[18] = suite << 3
      return packet
    })
    expect(session.open([...refused, ...other]).some(Boolean)).toBe(false)
    expect(session.open([])).toEqual([])
    session.seal(3, [])
  })
  it('never throws at bytes, and believes none of them', () => {
    const session = crypto.session(KEY)
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 120 }), { maxLength: 5 }), (batch) => {
        expect(session.open(batch).some(Boolean)).toBe(false)
      }),
      { numRuns: 150 },
    )
  })
  it('scrambles the tail of a HELLO and brings it back, and leaves what is before it', () => {
    const packet = example(200)
    packet[7] = 0x0d
    cryptHelloTail(crypto, KEY, packet, 150)
    expect(hex(packet.subarray(8, 150))).toBe(hex(example(200).subarray(8, 150)))
    const expected = new Uint8Array(packet.length - 150)
    oracle.salsa20(KEY.subarray(0, 32), unhex('0102030405060708'), 12, expected)
    expect(hex(packet.subarray(150).map((b, i) => b ^ expected[i]!))).toBe(hex(example(200).subarray(150)))
    cryptHelloTail(crypto, KEY, packet, 150)
    expect(hex(packet.subarray(150))).toBe(hex(example(200).subarray(150)))
    cryptHelloTail(crypto, KEY, packet, packet.length)
  })
})

describe.each(providers.slice(1))('%s and noble', (_, crypto) => {
  it('seal any packet to the same bytes under any suite, and open each other’s', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...suites),
        fc.uint8Array({ minLength: 48, maxLength: 48 }),
        fc.array(packets, { minLength: 1, maxLength: 4 }),
        (suite, key, batch) => {
          const [mine, theirs] = [batch.map((p) => p.slice()), batch.map((p) => p.slice())]
          const [a, b] = [crypto.session(key), oracle.session(key)]
          a.seal(suite, mine)
          b.seal(suite, theirs)
          expect(mine.map(hex)).toEqual(theirs.map(hex))
          expect(a.open(theirs)).toEqual(batch.map(() => true))
          expect(b.open(mine)).toEqual(batch.map(() => true))
          expect(mine.map(hex)).toEqual(theirs.map(hex))
        },
      ),
      { numRuns: 120 },
    )
  })
})
