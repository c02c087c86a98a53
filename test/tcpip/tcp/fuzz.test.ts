import { expect, it } from 'vitest'
import { next, type Rng, rng, seededRandom } from '../../../src/protocol/kernel/rng.ts'
import { checksumOf, pseudoHeaderSum, sum } from '../../../src/tcpip/checksum.ts'
import { createTcp, tcpEnv } from '../../../src/tcpip/tcp/create-tcp.ts'
import type { TcpDeps } from '../../../src/tcpip/tcp/tcp.ts'
import { invariants } from './invariants.ts'
import { fakeIp, ip } from './wire.ts'

const own = ip('10.0.0.1')
const other = ip('10.0.0.2')

it.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'segments near the truth, and far from it, never break a connection (seed %i)',
  (seed) => {
    let generator: Rng = rng(seed)
    const below = (n: number): number => {
      const [value, after] = next(generator)
      generator = after
      return Math.floor((value / 0x1_0000_0000) * n)
    }
    let now = 1_700_000_000_000
    let ours = 0
    let port = 80
    let theirs = below(0x1_0000_0000) | 0
    const sizes = { out: 0, in: 0 }
    const deps: TcpDeps = {
      ip: fakeIp(
        own,
        () => 2800,
        (_remote, s) => {
          sizes.out += s.length
          ours = (s[4]! << 24) | (s[5]! << 16) | (s[6]! << 8) | s[7]!
          port = (s[0]! << 8) | s[1]!
        },
      ),
      random: seededRandom(seed),
      out: () => undefined,
      trustLink: false,
    }
    const env = tcpEnv(deps)
    const tcp = createTcp(deps, env)
    let id = 100
    tcp.call({ call: 'listen', id: 1, port: 80, backlog: 10, options: {}, nextId: () => id++ }, now)
    for (let i = 0; i < 4000; i++) {
      now += below(4) === 0 ? below(500) : below(3)
      const flags = [2, 16, 16, 16, 16, 24, 17, 4, 18, below(64)][below(10)]!
      const options = [
        [],
        [1, 1, 8, 10, ...Array.from({ length: 8 }, () => below(256))],
        [2, 4, 4, 0, 4, 2, 3, 3, 7, 0, 0, 0],
        Array.from({ length: 4 * below(11) }, () => below(256)),
      ][below(4)]!
      const length = below(3) === 0 ? below(3000) : 0
      const b = new Uint8Array(20 + options.length + length)
      const seq = (theirs + [0, 0, 1, below(3000), -below(3000), below(0x1_0000_0000)][below(6)]!) | 0
      const ack = (ours + [0, 0, 1, below(3000), -below(3000), below(0x1_0000_0000)][below(6)]!) | 0
      b.set([0x13, 0x88 + below(3), port >>> 8, port & 0xff])
      for (let k = 0; k < 4; k++) {
        b[4 + k] = seq >>> (24 - 8 * k)
        b[8 + k] = ack >>> (24 - 8 * k)
      }
      b[12] = ((20 + options.length) / 4) << 4
      b[13] = flags
      b.set([below(256), below(256)], 14)
      b.set(options, 20)
      if (below(50) === 0) b[below(b.length)] = below(256)
      const total = checksumOf(pseudoHeaderSum(other.bytes, own.bytes, 6, b.length) + sum(b))
      b[16] = total >>> 8
      b[17] = total & 0xff
      if (flags === 16 || flags === 24) theirs = (theirs + length) | 0
      sizes.in += b.length
      tcp.input(own, other, b, now)
      const some = 100 + below(Math.max(1, id - 100))
      const act = below(12)
      if (act === 0) tcp.call({ call: 'write', id: some, data: new Uint8Array(below(20_000)) }, now)
      else if (act === 1) tcp.call({ call: 'consume', id: some, bytes: below(5000) }, now)
      else if (act === 2 && below(20) === 0) tcp.call({ call: 'close', id: some }, now)
      else if (act === 3 && below(20) === 0) tcp.call({ call: 'shutdown', id: some }, now)
      else if (act === 4 && below(20) === 0)
        tcp.call(
          {
            call: 'connect',
            id: 100_000 + i,
            remote: { address: '10.0.0.2', port: 5000 },
            options: {},
            deadline: now + 5000,
          },
          now,
        )
      if (tcp.deadline() <= now) tcp.tick(now)
      tcp.flush(now)
      expect(invariants(env)).toBeUndefined()
      expect(env.connections.size()).toBeLessThan(400)
    }
    for (let i = 0; i < 10_000 && tcp.deadline() < Infinity; i++) {
      now = Math.max(now, tcp.deadline())
      tcp.tick(now)
    }
    expect(env.timeWaits.size()).toBe(0)
    expect(env.heap.length).toBe(0)
  },
)
