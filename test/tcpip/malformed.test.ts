import { describe, expect, it } from 'vitest'
import { writeU16 } from '../../src/protocol/kernel/codec.ts'
import type { Frame } from '../../src/protocol/kernel/frame.ts'
import { mac } from '../../src/protocol/kernel/id.ts'
import { advertisement, arpRequest, concat, fill, frame4, frame6, icmp, ipv4, ipv6, STRANGER, udp } from './craft.ts'
import { Segment } from './segment.ts'

const HERE = mac(0x0200_0000_0001)
/** A stack with a socket on port 4000 hears the frames; what it dropped, delivered and answered (ICMP type/code). */
const hear = (...frames: readonly Frame[]) => {
  const segment = new Segment()
  const a = segment.host({ addresses: ['10.0.0.1/24', 'fd00::1/64'] })
  segment.run(3000)
  a.call({ call: 'bind', id: 1, port: 4000 })
  a.hear(arpRequest(STRANGER, '10.0.0.2', '10.0.0.1'))
  a.hear({ ...frame6(a.mac, icmp6(135, 0, 0, concat(fd('1'), Uint8Array.of(1, 1, 2, 0, 0, 0, 0, 0xee)), 255)) })
  const since = a.sent.length
  a.hear(...frames)
  const answers = a.sent.slice(since).map(({ etherType, payload }) => {
    const at = etherType === 0x0800 ? 20 : 40
    return { type: payload[at], code: payload[at + 1], rest: payload[at + 7], length: payload.length }
  })
  return { drops: a.drops(), data: a.all('Datagram').map(({ data }) => data), answers }
}
const fd = (last: string): Uint8Array => {
  const b = new Uint8Array(16)
  b[0] = 0xfd
  b[15] = Number(last)
  return b
}
const icmp6 = (type: number, code: number, rest: number, data: Uint8Array, hopLimit = 64): Uint8Array =>
  ipv6({
    from: 'fd00::2',
    to: 'fd00::1',
    next: 58,
    hopLimit,
    payload: icmp(type, code, rest, data, ['fd00::2', 'fd00::1']),
  })
const hi = Uint8Array.of(104, 105)
const four = (over: Partial<Parameters<typeof ipv4>[0]> = {}) =>
  ipv4({ from: '10.0.0.2', to: '10.0.0.1', protocol: 17, payload: udp('10.0.0.2', 9, '10.0.0.1', 4000, hi), ...over })
const datagram6 = udp('fd00::2', 9, 'fd00::1', 4000, hi)
const six = (next: number, payload: Uint8Array, over: Partial<Parameters<typeof ipv6>[0]> = {}) =>
  ipv6({ from: 'fd00::2', to: 'fd00::1', next, payload, ...over })
const in4 = (packet: Uint8Array) => hear(frame4(HERE, packet))
const in6 = (packet: Uint8Array) => hear(frame6(HERE, packet))

describe('IPv4', () => {
  it('good is delivered', () => {
    expect(in4(four())).toEqual({ drops: [], data: [hi], answers: [] })
    expect(in6(six(17, datagram6))).toEqual({ drops: [], data: [hi], answers: [] })
  })
  it.each([
    { says: 'with a wrong checksum (M03)', packet: four({ ttl: 7 }).fill(6, 8, 9), reason: 'ip-checksum' },
    { says: 'longer than its frame (M04)', packet: four({ total: 31 }), reason: 'ip-malformed' },
    { says: 'shorter than its header (M04)', packet: four({ total: 19 }), reason: 'ip-malformed' },
    { says: 'of IHL 4 (M05)', packet: four({ version: 0x44 - 5 }), reason: 'ip-malformed' },
    { says: 'of version 6', packet: four({ version: 0x60 }), reason: 'ip-malformed' },
    { says: 'of 19 bytes', packet: four().subarray(0, 19), reason: 'ip-malformed' },
    { says: 'of nothing', packet: new Uint8Array(0), reason: 'ip-malformed' },
    {
      says: 'of IHL 15 with an option beyond the header (M05)',
      packet: four({ options: fill(40).fill(0x44, 0, 1).fill(41, 1, 2) }),
      reason: 'ip-options',
    },
    { says: 'with an option of length 1', packet: four({ options: Uint8Array.of(7, 1, 0, 0) }), reason: 'ip-options' },
    { says: 'with a cut option', packet: four({ options: Uint8Array.of(1, 1, 1, 7) }), reason: 'ip-options' },
    { says: 'with a source route', packet: four({ options: Uint8Array.of(131, 3, 4, 0) }), reason: 'ip-options' },
    {
      says: 'with a strict source route',
      packet: four({ options: Uint8Array.of(137, 3, 4, 0) }),
      reason: 'ip-options',
    },
    { says: 'from a group', packet: four({ from: '224.0.0.5' }), reason: 'ip-source' },
    { says: 'from broadcast', packet: four({ from: '255.255.255.255' }), reason: 'ip-source' },
    { says: 'from subnet broadcast', packet: four({ from: '10.0.0.255' }), reason: 'ip-source' },
    { says: 'from 127.0.0.1', packet: four({ from: '127.0.0.1' }), reason: 'ip-source' },
    { says: 'from 0.0.0.0', packet: four({ from: '0.0.0.0' }), reason: 'ip-source' },
    { says: 'from class E', packet: four({ from: '240.1.1.1' }), reason: 'ip-source' },
    { says: 'from ourselves, a land packet (A15)', packet: four({ from: '10.0.0.1' }), reason: 'ip-source' },
    { says: 'to 127.0.0.1', packet: four({ to: '127.0.0.1' }), reason: 'not-for-us' },
    { says: 'to a group nobody joined', packet: four({ to: '239.0.0.1' }), reason: 'not-for-us' },
    { says: 'of IGMP from afar', packet: four({ to: '224.0.0.1', protocol: 2 }), reason: 'icmp-malformed' },
    {
      says: 'of IGMP with a wrong checksum',
      packet: ipv4({ from: '10.0.0.9', to: '224.0.0.1', protocol: 2, ttl: 1, payload: fill(8) }),
      reason: 'icmp-checksum',
    },
    { says: 'of TCP to broadcast', packet: four({ to: '10.0.0.255', protocol: 6 }), reason: 'not-for-us' },
    { says: 'of ICMPv6, to broadcast', packet: four({ to: '10.0.0.255', protocol: 58 }), reason: 'ip-protocol' },
  ])('$says is dropped without an answer', ({ packet, reason }) => {
    expect(in4(packet)).toEqual({ drops: [reason], data: [], answers: [] })
  })
  it('with harmless options, TTL 0 or trailing padding is delivered (M06, M07)', () => {
    expect(in4(four({ options: Uint8Array.of(1, 7, 3, 4) })).data).toEqual([hi])
    expect(in4(four({ options: Uint8Array.of(0, 9, 9, 9) })).data).toEqual([hi])
    expect(in4(four({ ttl: 0 })).data).toEqual([hi])
    expect(in4(four({ ttl: 1 })).data).toEqual([hi])
    expect(in4(concat(four(), fill(16))).data).toEqual([hi])
    expect(in6(concat(six(17, datagram6), fill(16))).data).toEqual([hi])
  })
  it('of an unknown protocol is answered with protocol unreachable', () => {
    const { drops, answers } = in4(four({ protocol: 200 }))
    expect(drops).toEqual(['ip-protocol'])
    expect(answers).toMatchObject([{ type: 3, code: 2 }])
  })
})

describe('UDP', () => {
  const bad = (length: number) => udp('10.0.0.2', 9, '10.0.0.1', 4000, hi, { length })
  it.each([
    { says: 'of length 7 (M08)', payload: bad(7), reason: 'udp-malformed' },
    { says: 'longer than IP (M08)', payload: bad(11), reason: 'udp-malformed' },
    { says: 'without a whole header', payload: fill(7), reason: 'udp-malformed' },
    { says: 'to port 0 (M10)', payload: udp('10.0.0.2', 9, '10.0.0.1', 0, hi), reason: 'udp-malformed' },
    {
      says: 'with a wrong checksum (M03)',
      payload: udp('10.0.0.2', 9, '10.0.0.1', 4000, hi, { checksum: 0x1234 }),
      reason: 'udp-checksum',
    },
  ])('$says is dropped without an answer', ({ payload, reason }) => {
    expect(in4(four({ payload }))).toEqual({ drops: [reason], data: [], answers: [] })
  })
  it('shorter than IP is cut to its own length (M08)', () => {
    expect(in4(four({ payload: concat(bad(9)) })).data).toEqual([])
    const short = udp('10.0.0.2', 9, '10.0.0.1', 4000, hi.subarray(0, 1))
    expect(in4(four({ payload: concat(short, fill(5)) })).data).toEqual([hi.subarray(0, 1)])
  })
  it('without a checksum is dropped over IPv6 (M09)', () => {
    const payload = udp('fd00::2', 9, 'fd00::1', 4000, hi, { checksum: 0 })
    expect(in6(six(17, payload))).toEqual({ drops: ['udp-checksum'], data: [], answers: [] })
  })
})

describe('IPv6', () => {
  /** An options header of eight bytes. */
  const options = (next: number, ...bytes: readonly number[]) => {
    const padding = 6 - bytes.length
    const pad = padding === 0 ? [] : padding === 1 ? [0] : [1, padding - 2, ...new Array(padding - 2).fill(0)]
    return Uint8Array.of(next, 0, ...bytes, ...pad)
  }
  const chainOf = (types: readonly number[]) =>
    six(types[0]!, concat(...types.map((_, i) => options(types[i + 1] ?? 17)), datagram6))

  it('with hop-by-hop and destination options is delivered', () => {
    expect(in6(chainOf([0, 60, 60])).data).toEqual([hi])
    expect(in6(chainOf(new Array(8).fill(60))).data).toEqual([hi])
    expect(in6(six(0, concat(options(17, 5, 2, 0, 0), datagram6))).data).toEqual([hi])
    expect(in6(six(60, concat(options(17, 0x1e, 2, 0, 0), datagram6))).data).toEqual([hi])
    expect(in6(six(43, concat(Uint8Array.of(17, 0, 0, 0, 0, 0, 0, 0), datagram6))).data).toEqual([hi])
  })
  it.each([
    { says: 'with nine extension headers (M15)', packet: chainOf(new Array(9).fill(60)), reason: 'ip-options' },
    {
      says: 'with padding that is not zero (M17)',
      packet: six(60, concat(options(17, 1, 4, 0, 0, 9, 0), datagram6)),
      reason: 'ip-options',
    },
    {
      says: 'with an option to be dropped silently',
      packet: six(60, concat(options(17, 0x5e, 0), datagram6)),
      reason: 'ip-options',
    },
    {
      says: 'with an option beyond its header',
      packet: six(60, concat(options(17, 0x1e, 9), datagram6)),
      reason: 'ip-options',
    },
    {
      says: 'with a header beyond the packet',
      packet: six(60, Uint8Array.of(17, 9, 1, 4, 0, 0, 0, 0)),
      reason: 'ip-malformed',
    },
    { says: 'with a cut header', packet: six(60, Uint8Array.of(17, 0, 1)), reason: 'ip-malformed' },
    { says: 'longer than its frame (M04)', packet: six(17, datagram6, { length: 11 }), reason: 'ip-malformed' },
    { says: 'that announces a jumbogram', packet: six(0, datagram6, { length: 0 }), reason: 'ip-malformed' },
    { says: 'from a group', packet: six(17, datagram6, { from: 'ff02::1' }), reason: 'ip-source' },
    { says: 'from ::1', packet: six(17, datagram6, { from: '::1' }), reason: 'ip-source' },
    { says: 'from ourselves', packet: six(17, datagram6, { from: 'fd00::1' }), reason: 'ip-source' },
    { says: 'from a mapped address', packet: six(17, datagram6, { from: '::ffff:10.0.0.2' }), reason: 'ip-source' },
    { says: 'to ::1', packet: six(17, datagram6, { to: '::1' }), reason: 'not-for-us' },
    { says: 'to somebody else', packet: six(17, datagram6, { to: 'fd00::3' }), reason: 'not-for-us' },
  ])('$says is dropped without an answer', ({ packet, reason }) => {
    expect(in6(packet)).toEqual({ drops: [reason], data: [], answers: [] })
  })
  it.each([
    { says: 'with hop-by-hop options not first (M16)', packet: chainOf([60, 0]), code: 1, rest: 40 },
    {
      says: 'with routing type 0 and a segment left (M18)',
      packet: six(43, concat(Uint8Array.of(17, 2, 0, 1), fill(20), datagram6)),
      code: 0,
      rest: 42,
    },
    {
      says: 'with an unknown option that wants an answer',
      packet: six(60, concat(options(17, 0x9e, 0), datagram6)),
      code: 2,
      rest: 42,
    },
    {
      says: 'with an unknown option that wants an answer to unicast',
      packet: six(60, concat(options(17, 0xde, 0), datagram6)),
      code: 2,
      rest: 42,
    },
    { says: 'with an unknown next header', packet: six(60, concat(options(200), datagram6)), code: 1, rest: 40 },
  ])('$says is dropped and answered with Parameter Problem', ({ packet, code, rest }) => {
    expect(in6(packet).answers).toMatchObject([{ type: 4, code, rest }])
  })
  it('with no next header is nobody’s concern', () => {
    expect(in6(six(59, fill(10)))).toEqual({ drops: [], data: [], answers: [] })
  })
})

describe('ICMP and ND', () => {
  const advert = (data: Uint8Array, hopLimit: number, code = 0) => icmp6(136, code, 0x6000_0000, data, hopLimit)
  it.each([
    { says: 'ND with hop limit 254 (M12)', packet: advert(fd('2'), 254), reason: 'ndp-malformed' },
    { says: 'ND with a code', packet: advert(fd('2'), 255, 1), reason: 'ndp-malformed' },
    { says: 'ND without a target', packet: advert(fill(8), 255), reason: 'ndp-malformed' },
    {
      says: 'ND with an option of length 0 (M13)',
      packet: advert(concat(fd('2'), Uint8Array.of(2, 0, 1, 2, 3, 4, 5, 6)), 255),
      reason: 'ndp-malformed',
    },
    {
      says: 'ND with a cut option',
      packet: advert(concat(fd('2'), Uint8Array.of(2, 1, 1)), 255),
      reason: 'ndp-malformed',
    },
    { says: 'ND for a group', packet: advert(concat(Uint8Array.of(0xff), fill(15)), 255), reason: 'ndp-malformed' },
    { says: 'a router advertisement (G11)', packet: icmp6(134, 0, 0, fill(8), 255), reason: 'icmp-ignored' },
    { says: 'a redirect', packet: icmp6(137, 0, 0, fill(32), 255), reason: 'icmp-ignored' },
    { says: 'a reply that nobody waits for', packet: icmp6(129, 0, 0, hi), reason: 'icmp-ignored' },
    { says: 'ICMPv6 of four bytes', packet: six(58, fill(4)), reason: 'icmp-malformed' },
    { says: 'ICMPv6 with a wrong checksum', packet: six(58, fill(16)), reason: 'icmp-checksum' },
  ])('$says is dropped', ({ packet, reason }) => {
    expect(in6(packet)).toEqual({ drops: [reason], data: [], answers: [] })
  })
  it('NA that claims to be solicited but goes to everybody is dropped', () => {
    expect(hear(advertisement(STRANGER, 'fd00::2', 'ff02::1', 0x4000_0000, mac(0x3333_0000_0001))).drops).toEqual([
      'ndp-malformed',
    ])
  })
  it.each([
    { says: 'of four bytes', payload: fill(4), reason: 'icmp-malformed' },
    { says: 'with a wrong checksum', payload: fill(16), reason: 'icmp-checksum' },
    { says: 'timestamp', payload: icmp(13, 0, 0, fill(12)), reason: 'icmp-ignored' },
    { says: 'redirect', payload: icmp(5, 0, 0, four()), reason: 'icmp-ignored' },
    { says: 'source quench', payload: icmp(4, 0, 0, four()), reason: 'icmp-ignored' },
    { says: 'error about nothing', payload: icmp(3, 3, 0, hi), reason: 'icmp-ignored' },
    { says: 'error about somebody else', payload: icmp(3, 3, 0, four()), reason: 'icmp-ignored' },
  ])('ICMPv4 $says is dropped', ({ payload, reason }) => {
    expect(in4(four({ protocol: 1, payload }))).toEqual({ drops: [reason], data: [], answers: [] })
  })
  it('echo to a broadcast or group address is not answered', () => {
    const payload = icmp(8, 0, 0, hi)
    expect(in4(four({ to: '10.0.0.255', protocol: 1, payload })).answers).toEqual([])
    expect(hear(frame4(mac(0xffff_ffff_ffff), four({ protocol: 1, payload }))).answers).toEqual([])
  })
})

describe('frames', () => {
  it('of unknown type, for others, from ourselves, or of ARP with other lengths (M14) are dropped', () => {
    const arp = (at: number, value: number): Frame => {
      const frame = arpRequest(STRANGER, '10.0.0.2', '10.0.0.1')
      writeU16(frame.payload, at, value)
      return frame
    }
    const { drops } = hear(
      { ...frame4(HERE, four()), etherType: 0x1234 },
      frame4(mac(0x0200_0000_0077), four()),
      frame4(HERE, four(), HERE),
      arp(0, 6),
      arp(2, 0x86dd),
      arp(4, 0x0804),
      arp(6, 3),
      { ...arp(0, 1), payload: fill(27) },
    )
    expect(drops).toEqual([
      'unknown-ethertype',
      ...new Array(2).fill('not-for-us'),
      ...new Array(5).fill('arp-malformed'),
    ])
  })
})
