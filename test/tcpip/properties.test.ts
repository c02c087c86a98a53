import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ACK, readSegment, SYN, segment } from '../../src/tcpip/tcp/segment.ts'
import { converse, type Side } from './tcp/conversation.ts'
import type { Host, Weather, Wire } from './tcp/wire.ts'

/** Conversations as they may happen: weather, sizes, readers that take their time. */
const weathers: fc.Arbitrary<Weather> = fc.record({
  delay: fc.double({ min: 0.05, max: 60, noNaN: true }),
  jitter: fc.constantFrom(0, 0, 30),
  loss: fc.constantFrom(0, 0.02, 0.3),
  duplicate: fc.constantFrom(0, 0.1),
  mtu: fc.integer({ min: 576, max: 2800 }),
})
const sides: fc.Arbitrary<Side> = fc.record({
  total: fc.integer({ min: 0, max: 20_000 }),
  chunk: fc.integer({ min: 1, max: 20_000 }),
  readDelay: fc.constantFrom(0, 200),
  options: fc.record({ receiveBuffer: fc.integer({ min: 1000, max: 100_000 }) }),
})
const conversations = fc.tuple(fc.integer({ min: 1, max: 2 ** 30 }), weathers, sides, sides)
const LIMIT = 3_600_000
const runs = { numRuns: Number(process.env['RXZT_FUZZ'] ?? 0) > 0 ? 2000 : 15, seed: 20_261_126 }

describe('whatever two TCPs say to each other', () => {
  it('is the same, segment for segment, with the same seed', () => {
    fc.assert(
      fc.property(conversations, ([seed, weather, a, b]) => {
        const trace = (): string => {
          const hash = createHash('sha256')
          const note = (w: Wire, from: Host, bytes: Uint8Array, fate: string): void => {
            hash.update(`${w.now()} ${from.ip.text} ${fate}`).update(bytes)
          }
          converse(seed, weather, a, b, LIMIT, note)
          return hash.digest('hex')
        }
        expect(trace()).toBe(trace())
      }),
      runs,
    )
  })

  it('comes to the same, whether segments are handed over one by one or many at once', () => {
    fc.assert(
      fc.property(conversations, fc.constantFrom(1, 5, 20), ([seed, weather, a, b], grid) => {
        const told = (batch: number | undefined): unknown => {
          const { intact, received, ended } = converse(
            seed,
            { ...weather, grid, ...(batch === undefined ? {} : { batch }) },
            a,
            b,
            LIMIT,
          )
          return { intact, received, ended }
        }
        const all = { intact: true, received: { a: b.total, b: a.total }, ended: { a: 'Closed', b: 'Closed' } }
        for (const batch of [1, 2, 7, undefined]) expect(told(batch)).toEqual(all)
      }),
      runs,
    )
  })

  it('never takes back an acknowledgement or an offered window', () => {
    fc.assert(
      fc.property(conversations, ([seed, weather, a, b]) => {
        const s = segment()
        const scales = new Map<Host, number>()
        const last = new Map<Host, { readonly ack: number; readonly edge: number }>()
        converse(seed, weather, a, b, LIMIT, (_wire, from, bytes) => {
          if (!readSegment(s, bytes)) return
          const isSyn = (s.flags & SYN) !== 0
          if (isSyn) scales.set(from, s.scale)
          if ((s.flags & ACK) === 0) return
          // the window of a SYN is not scaled
          const edge = (s.ack + (isSyn ? s.window : s.window << scales.get(from)!)) | 0
          const before = last.get(from)
          if (before !== undefined) {
            expect((s.ack - before.ack) | 0).toBeGreaterThanOrEqual(0)
            expect((edge - before.edge) | 0).toBeGreaterThanOrEqual(0)
          }
          last.set(from, { ack: s.ack, edge })
        })
      }),
      runs,
    )
  })

  it('ends, with every byte delivered once and in order', () => {
    fc.assert(
      fc.property(conversations, ([seed, weather, a, b]) => {
        const outcome = converse(seed, weather, a, b, LIMIT)
        expect(outcome).toMatchObject({
          intact: true,
          received: { a: b.total, b: a.total },
          ended: { a: 'Closed', b: 'Closed' },
        })
      }),
      runs,
    )
  })
})
