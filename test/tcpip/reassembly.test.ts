import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Frame } from '../../src/protocol/kernel/frame.ts'
import { mac } from '../../src/protocol/kernel/id.ts'
import {
  arpRequest,
  concat,
  fill,
  fragmentHeader,
  frame4,
  frame6,
  ipv4,
  ipv6,
  STRANGER,
  solicitation,
  udp,
} from './craft.ts'
import { Segment } from './segment.ts'

const HERE = mac(0x0200_0000_0001)
const world = () => {
  const segment = new Segment()
  const a = segment.host({ addresses: ['10.0.0.1/24', 'fd00::1/64'] })
  segment.run(3000)
  a.call({ call: 'bind', id: 1, port: 4000 })
  a.hear(arpRequest(STRANGER, '10.0.0.2', '10.0.0.1'))
  a.hear(solicitation(STRANGER, 'fd00::2', 'ff02::1:ff00:1', 'fd00::1'))
  const since = a.sent.length
  return {
    segment,
    a,
    sent: () => a.sent.slice(since).filter(isError),
    data: () => a.all('Datagram').map(({ data }) => data),
  }
}
/** Neighbours are asked for by the way. */
const isError = ({ etherType, payload }: Frame): boolean =>
  etherType === 0x0800 || (etherType === 0x86dd && payload[40]! < 128)
interface Piece {
  readonly at: number
  readonly part: Uint8Array
  readonly more: boolean
}
/** Pieces of `size` bytes of a UDP datagram with `data`. */
const cut = (family: 4 | 6, data: Uint8Array, size: number): readonly Piece[] => {
  const whole = family === 4 ? udp('10.0.0.2', 9, '10.0.0.1', 4000, data) : udp('fd00::2', 9, 'fd00::1', 4000, data)
  const pieces: Piece[] = []
  for (let at = 0; at < whole.length; at += size) {
    pieces.push({ at, part: whole.subarray(at, at + size), more: at + size < whole.length })
  }
  return pieces
}
interface Over {
  readonly id?: number
  readonly from?: string
  readonly tos?: number
  readonly protocol?: number
}
const frameOf = (family: 4 | 6, { at, part, more }: Piece, o: Over = {}): Frame => {
  const protocol = o.protocol ?? 17
  if (family === 4) {
    const ip = { from: o.from ?? '10.0.0.2', to: '10.0.0.1', protocol, payload: part, tos: o.tos ?? 0 }
    return frame4(HERE, ipv4({ ...ip, offset: at, more, id: o.id ?? 7 }))
  }
  const payload = concat(fragmentHeader(protocol, at, more, o.id ?? 7), part)
  return frame6(HERE, ipv6({ from: o.from ?? 'fd00::2', to: 'fd00::1', next: 44, payload, trafficClass: o.tos ?? 0 }))
}
const data = fill(2000)

describe.each([{ family: 4 as const }, { family: 6 as const }])('reassembly of IPv$family', ({ family }) => {
  const pieces = cut(family, data, 88)
  const of = (list: readonly Piece[], o: Over = {}) => list.map((piece) => frameOf(family, piece, o))

  it('delivers 23 fragments in order, reversed, and in any order (F01)', () => {
    expect(pieces).toHaveLength(23)
    const check = (order: readonly Piece[]): void => {
      const { a, data: got } = world()
      a.hear(...of(order))
      expect(got()).toEqual([data])
      expect(a.state.sizes().fragments).toBe(0)
    }
    check(pieces)
    check([...pieces].reverse())
    fc.assert(fc.property(fc.shuffledSubarray([...pieces], { minLength: 23 }), check), { numRuns: 20 })
  })

  it('ignores exact duplicates (F02)', () => {
    const { a, data: got } = world()
    a.hear(...of(pieces.slice(0, -1)), ...of(pieces))
    expect(got()).toEqual([data])
    expect(a.drops()).toEqual([])
  })

  it.each([
    { says: 'a partial overlap (F03)', odd: { at: 80, part: fill(88), more: true } },
    { says: 'other bytes in the same place (F04)', odd: { at: 88, part: fill(88, 9), more: true } },
    { says: 'a fragment inside an earlier one (F05)', odd: { at: 96, part: fill(8), more: true } },
    { says: 'a fragment around an earlier one', odd: { at: 80, part: fill(112), more: true } },
    { says: 'an end before what is known to be there (F13)', odd: { at: 40, part: fill(8), more: false } },
  ])('drops the datagram with $says, and what comes later', ({ odd }) => {
    const { segment, a, data: got, sent } = world()
    a.hear(...of(pieces.slice(0, 5)), frameOf(family, odd), ...of(pieces.slice(5)), ...of(pieces))
    expect(got()).toEqual([])
    expect(new Set(a.drops())).toEqual(new Set(['fragment-overlap']))
    segment.run(61_000)
    expect(a.state.sizes()).toMatchObject({ fragments: 0, fragmentBytes: 0 })
    expect(sent()).toEqual([])
    a.hear(...of(pieces))
    expect(got()).toEqual([data])
  })

  it('drops the datagram with two ends, or data behind its end (F13)', () => {
    for (const odd of [
      { at: 2024, part: fill(8), more: false },
      { at: 2024, part: fill(8), more: true },
    ]) {
      const { a, data: got } = world()
      a.hear(...of(pieces.slice(20)), frameOf(family, odd), ...of(pieces))
      expect(got()).toEqual([])
      expect(a.drops()[0]).toBe('fragment-overlap')
    }
  })

  it('refuses what would end beyond 65535 (F06)', () => {
    const { a, sent } = world()
    a.hear(frameOf(family, { at: 65_528, part: fill(16), more: false }))
    expect(a.drops()).toEqual(['fragment-malformed'])
    expect(sent().map(({ payload }) => [payload[40], payload[41], payload[47]])).toEqual(
      family === 4 ? [] : [[4, 0, 42]],
    )
  })

  it('refuses a length that is no multiple of eight, except at the end (F12)', () => {
    const { a, sent } = world()
    a.hear(frameOf(family, { at: 0, part: fill(60), more: true }))
    expect(a.drops()).toEqual(['fragment-malformed'])
    expect(sent().map(({ payload }) => [payload[40], payload[41], payload[47]])).toEqual(
      family === 4 ? [] : [[4, 0, 4]],
    )
    expect(a.state.sizes().fragments).toBe(0)
  })

  it('refuses fragments of nothing', () => {
    const { a } = world()
    a.hear(frameOf(family, { at: 8, part: fill(0), more: true }))
    expect(a.drops()).toEqual(['fragment-malformed'])
  })

  it('refuses a first fragment without the whole TCP header (F11)', () => {
    const { a, sent } = world()
    a.hear(frameOf(family, { at: 0, part: fill(16), more: true }, { protocol: 6 }))
    expect(a.drops()).toEqual(['fragment-malformed'])
    expect(sent().map(({ payload }) => [payload[40], payload[41]])).toEqual(family === 4 ? [] : [[4, 3]])
  })

  it('gives up after its time, and says so only if the first fragment came (F07)', () => {
    const time = family === 4 ? 30_000 : 60_000
    const { segment, a, sent, data: got } = world()
    a.hear(...of(pieces.slice(0, 3)))
    a.hear(...of(pieces.slice(1, 3), { id: 8 }))
    segment.run(time - 2)
    a.hear(solicitation(STRANGER, 'fd00::2', 'ff02::1:ff00:1', 'fd00::1'))
    segment.run(1)
    expect(a.state.sizes().fragments).toBe(2)
    segment.run(1)
    expect(a.drops()).toEqual(['fragment-timeout', 'fragment-timeout'])
    const at = family === 4 ? 20 : 40
    expect(sent().map(({ payload }) => [payload[at], payload[at + 1]])).toEqual([[family === 4 ? 11 : 3, 1]])
    a.hear(...of(pieces.slice(3)))
    expect(got()).toEqual([])
  })

  it('stays within its limits under 300 datagrams that never end (F08)', () => {
    const { a } = world()
    const big = cut(family, fill(20_000), 1000)
    for (let id = 0; id < 300; id++) a.hear(...of(big.slice(0, 10), { id }))
    expect(a.state.sizes().fragments).toBeLessThanOrEqual(64)
    expect(a.state.sizes().fragmentBytes).toBeLessThanOrEqual(256 * 1024)
    expect(a.drops()).toContain('fragment-limit')
    for (let host = 3; host < 33; host++) {
      const from = family === 4 ? `10.0.0.${host}` : `fd00::${host.toString(16)}`
      for (let id = 0; id < 20; id++) a.hear(...of(big.slice(0, 8), { id, from }))
    }
    expect(a.state.sizes().fragmentBytes).toBeLessThanOrEqual(4 * 1024 * 1024)
  })

  it('takes at most 64 fragments for one datagram', () => {
    const { a, data: got } = world()
    a.hear(...of(cut(family, data, 24)))
    expect(got()).toEqual([])
    expect(a.drops()[0]).toBe('fragment-limit')
  })

  it('keeps equal identifications of other sources and protocols apart (F09)', () => {
    const { a, data: got } = world()
    const other = family === 4 ? '10.0.0.3' : 'fd00::3'
    a.hear(...of(pieces.slice(0, 10)), ...of(pieces.slice(3, 20), { from: other }))
    if (family === 4) a.hear(...of(pieces.slice(2, 12), { protocol: 1 }))
    a.hear(...of(pieces.slice(10)))
    expect(got()).toEqual([data])
  })

  it('joins congestion marks, and refuses mixtures with Not-ECT', () => {
    const some = world()
    some.a.hear(...of(pieces.slice(0, 5), { tos: 2 }), ...of(pieces.slice(5), { tos: 3 }))
    expect(some.data()).toEqual([data])
    const mixed = world()
    mixed.a.hear(...of(pieces.slice(0, 5), { tos: 2 }), ...of(pieces.slice(5), { tos: 0 }))
    expect(mixed.data()).toEqual([])
    expect(mixed.a.drops()).toEqual(['fragment-malformed'])
  })
})

it('an atomic fragment is a whole datagram, whatever waits under its key (F10)', () => {
  const { a, data: got } = world()
  const pieces = cut(6, data, 88)
  a.hear(...pieces.slice(0, 5).map((piece) => frameOf(6, piece)))
  const [atom] = cut(6, fill(10), 1000)
  a.hear(frameOf(6, atom!))
  a.hear(...pieces.slice(5).map((piece) => frameOf(6, piece)))
  expect(got()).toEqual([fill(10), data])
})

it('a datagram of 64 KB is put together from another MTU (F14)', () => {
  const segment = new Segment()
  const a = segment.host({ addresses: ['10.0.0.1/24', 'fd00::1/64'], mtu: 1280 })
  const b = segment.host({ addresses: ['10.0.0.2/24', 'fd00::2/64'], mtu: 9000 })
  segment.run(3000)
  for (const host of [a, b]) host.call({ call: 'bind', id: 1, port: 4000 })
  for (const address of ['10.0.0.2', 'fd00::2'])
    a.call({ call: 'send', id: 1, to: { address, port: 4000 }, data: fill(65_507) })
  segment.run(100)
  expect(b.all('Datagram').map((one) => one.data)).toEqual([fill(65_507), fill(65_507)])
})
