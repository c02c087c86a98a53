import fc from 'fast-check'
import { expect, it } from 'vitest'
import { writeU16, writeU32 } from '../../../src/protocol/kernel/codec.ts'
import { seededRandom } from '../../../src/protocol/kernel/rng.ts'
import { checksumOf, pseudoHeaderSum, sum } from '../../../src/tcpip/checksum.ts'
import { createTcp } from '../../../src/tcpip/tcp/create-tcp.ts'
import { fakeIp, ip } from './wire.ts'

/** Somebody who writes another's address into his segments, and never sees an answer. */
const segments = fc.array(
  fc.record({
    from: fc.integer({ min: 0, max: 3 }),
    port: fc.constantFrom(80, 80, 80, 81),
    seq: fc.integer(),
    ack: fc.integer(),
    flags: fc.oneof(fc.constantFrom(2, 2, 16, 18, 4, 17), fc.integer({ min: 0, max: 63 })),
    options: fc.constantFrom([], [2, 4, 5, 180], [2, 4, 10, 200, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 1, 3, 3, 7]),
    length: fc.constantFrom(0, 0, 1, 1400),
    wait: fc.constantFrom(0, 0, 1, 700, 5000),
  }),
  { minLength: 1, maxLength: 60 },
)
const IP_HEADER = 20

it('what a stranger sends is answered at once by at most as many segments and three times the bytes, by seven times in all', () => {
  fc.assert(
    fc.property(segments, fc.integer({ min: 1, max: 1000 }), (all, seed) => {
      const own = ip('10.0.0.1')
      const [into, out] = [
        { bytes: 0, segments: 0 },
        { bytes: 0, segments: 0 },
      ]
      const tcp = createTcp({
        ip: fakeIp(
          own,
          () => 2800,
          (_remote, s) => {
            out.bytes += s.length + IP_HEADER
            out.segments++
          },
        ),
        random: seededRandom(seed),
        out: () => undefined,
        trustLink: false,
      })
      let now = 1_700_000_000_000
      tcp.call({ call: 'listen', id: 1, port: 80, backlog: 10, options: {}, nextId: () => 2 }, now)
      for (const s of all) {
        const remote = ip(`10.0.0.${10 + s.from}`)
        const header = 20 + s.options.length
        const b = new Uint8Array(header + s.length)
        writeU16(b, 0, 5000)
        writeU16(b, 2, s.port)
        writeU32(b, 4, s.seq)
        writeU32(b, 8, s.ack)
        b[12] = (header / 4) << 4
        b[13] = s.flags
        b.set(s.options, 20)
        writeU16(b, 16, checksumOf(pseudoHeaderSum(remote.bytes, own.bytes, 6, b.length) + sum(b)))
        into.bytes += b.length + IP_HEADER
        into.segments++
        const before = { ...out }
        tcp.input(own, remote, b, now)
        tcp.flush(now)
        expect(out.segments - before.segments).toBeLessThanOrEqual(1)
        expect(out.bytes - before.bytes).toBeLessThanOrEqual(3 * (b.length + IP_HEADER))
        now += s.wait
        if (tcp.deadline() <= now) tcp.tick(now)
      }
      for (let n = 0; n < 1000 && tcp.deadline() < Infinity; n++) {
        now = Math.max(now, tcp.deadline())
        tcp.tick(now)
      }
      // a SYN-ACK is sent six times
      expect(out.bytes).toBeLessThanOrEqual(7 * into.bytes)
      expect(tcp.counts().connections).toBe(0)
    }),
    { numRuns: Number(process.env['RXZT_FUZZ'] ?? 0) > 0 ? 20_000 : 300, seed: 20_261_126 },
  )
})
