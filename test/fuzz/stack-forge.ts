import { readU16, writeU16 } from '../../src/protocol/kernel/codec.ts'
import type { Frame } from '../../src/protocol/kernel/frame.ts'
import { type Mac, mac } from '../../src/protocol/kernel/id.ts'
import { groupMac, ipFrom } from '../../src/tcpip/address.ts'
import { checksumOf, pseudoHeaderSum, sum } from '../../src/tcpip/checksum.ts'
import {
  advertisement,
  arpReply,
  arpRequest,
  fragmentHeader,
  frame4,
  frame6,
  icmp,
  ipv4,
  ipv6,
  STRANGER,
  solicitation,
  udp,
} from '../tcpip/craft.ts'
import { type Chance, concat, mutate, splice } from './chance.ts'

/** Frames for the host with this MAC and these addresses, in the midst of what `recent` shows. */
export const stackForge = (c: Chance, own: Mac, v4: string, v6: string, ports: readonly number[]) => {
  const from4 = () =>
    c.pick(['10.0.0.1', '10.0.0.1', `10.0.0.${c.below(256)}`, v4, '0.0.0.0', '127.0.0.1', '224.0.0.1'])
  const from6 = () => c.pick(['fd00::1', 'fd00::1', `fd00::${c.below(4096).toString(16)}`, v6, '::', '::1', 'ff02::1'])
  const to4 = () => c.pick([v4, v4, v4, '10.0.0.255', '255.255.255.255', '224.0.0.251', '10.9.9.9'])
  const to6 = () => c.pick([v6, v6, v6, 'ff02::1', 'ff02::fb', 'fd00:9::9'])
  const port = () => (c.once(4) ? c.below(0x10000) : c.pick(ports))
  const stranger = () => mac(0x0200_0000_1000 + c.below(c.once(2) ? 4 : 10_000))
  /** A question for a name, as mDNS and DNS put it: lengths and pointers. */
  const dns = () =>
    concat(c.bytes(4), Uint8Array.of(0, 1, 0, 0, 0, 0, 0, 0, 5), c.bytes(5), Uint8Array.of(0xc0, 12, 0, 1))
  const data = () => (c.once(3) ? dns() : c.bytes(c.below(c.once(20) ? 3_000 : 200)))
  const v4Of = (protocol: number, payload: Uint8Array, from = from4(), to = to4()): Frame => {
    const options = c.once(8) ? c.bytes(4 * c.below(11)) : new Uint8Array(0)
    const packet = ipv4({
      from,
      to,
      protocol,
      payload,
      options,
      id: c.below(0x10000),
      ttl: c.below(256),
      tos: c.below(256),
    })
    return frame4(own, packet, stranger())
  }
  const v6Of = (next: number, payload: Uint8Array, from = from6(), to = to6()): Frame =>
    frame6(own, ipv6({ from, to, next, payload, hopLimit: c.pick([255, 64, c.below(256)]) }), stranger())
  const quotedOf = (recent: readonly Frame[], etherType: number): Uint8Array => {
    const ours = recent.filter((one) => one.from === own && one.etherType === etherType)
    return ours.length === 0 ? c.bytes(48) : c.pick(ours).payload.slice(0, 28 + c.below(600))
  }

  const kinds: Readonly<Record<string, (recent: readonly Frame[]) => Frame>> = {
    mutated: (recent) => {
      const one = c.pick(recent)
      return { ...one, to: own, payload: mend(c, mutate(c, one.payload, 80)) }
    },
    spliced: (recent) => {
      const one = c.pick(recent)
      return { ...one, to: own, payload: mend(c, splice(c, one.payload, c.pick(recent).payload)) }
    },
    replayed: (recent) => c.pick([...recent.filter((one) => one.from !== own), c.pick(recent)]),
    'TCP in the window': (recent) => {
      const its = recent.filter((one) => one.from !== own && protocolOf(one) === 6)
      if (its.length === 0) return v4Of(6, c.bytes(40))
      const one = c.pick(its)
      const payload = one.payload.slice()
      const at = headerOf(payload)
      if (payload.length < at + 20) return one
      for (let n = 1 + c.below(3); n > 0; n--) {
        // ports stay: sequence numbers, offset, flags, window, urgent pointer, options
        const field = at + 4 + c.below(Math.min(36, payload.length - at - 4))
        payload[field] = c.once(2) ? payload[field]! + c.pick([1, -1, 4, 64]) : c.below(256)
      }
      return { ...one, payload: mend(c, payload, 8) }
    },
    ARP: () => {
      if (c.once(2)) return arpRequest(stranger(), from4(), to4(), c.once(2) ? own : undefined)
      return arpReply(stranger(), from4(), own, v4)
    },
    NDP: () => {
      if (c.once(2)) return solicitation(stranger(), from6(), v6, v6, c.once(2) ? own : groupMac(ipFrom(v6)))
      return advertisement(stranger(), from6(), v6, c.below(8), own)
    },
    'ARP mutated': () => {
      const one = arpRequest(STRANGER, from4(), v4, own)
      return { ...one, payload: mutate(c, one.payload) }
    },
    'NDP mutated': () => {
      const one = c.once(2)
        ? solicitation(STRANGER, from6(), v6, v6, own)
        : advertisement(STRANGER, from6(), v6, 7, own)
      return { ...one, payload: mend(c, mutate(c, one.payload, 80)) }
    },
    UDP: () => {
      const [from, to] = c.once(2) ? [from4(), to4()] : [from6(), to6()]
      const length = c.once(10) ? { length: c.below(0x10000) } : {}
      const datagram = udp(from, port(), to, port(), data(), length)
      return from.includes(':') ? v6Of(17, datagram, from, to) : v4Of(17, datagram, from, to)
    },
    ICMP: () => {
      if (c.once(2)) return v4Of(1, icmp(c.pick([0, 8, c.below(256)]), c.below(20), c.below(2 ** 31), data()))
      const [from, to] = [from6(), to6()]
      return v6Of(
        58,
        icmp(c.pick([128, 129, c.below(256)]), c.below(5), c.below(2 ** 31), data(), [from, to]),
        from,
        to,
      )
    },
    'ICMP error': (recent) => {
      if (c.once(2)) {
        const quoted = quotedOf(recent, 0x0800)
        return v4Of(1, icmp(c.pick([3, 11, 12, 4, 5]), c.below(16), c.below(3_000), quoted))
      }
      const [from, to] = [from6(), v6]
      return v6Of(
        58,
        icmp(c.pick([1, 2, 3, 4]), c.below(6), c.below(3_000), quotedOf(recent, 0x86dd), [from, to]),
        from,
        to,
      )
    },
    fragment: () => {
      const [offset, more, id] = [8 * c.below(c.once(4) ? 8_190 : 6), c.once(2), c.below(c.once(3) ? 40_000 : 6)]
      const payload = c.bytes(c.once(3) ? c.below(100) : 8 * c.below(180))
      const protocol = c.pick([17, 6, 1, 58])
      if (c.once(2)) {
        const packet = ipv4({ ...{ from: from4(), to: v4, protocol, payload, id, offset, more }, tos: c.below(4) })
        return frame4(own, packet, stranger())
      }
      return v6Of(44, concat(fragmentHeader(protocol, offset, more, id), payload), from6(), v6)
    },
    'extension headers': () => {
      const headers = Array.from({ length: c.below(12) }, () => concat(Uint8Array.of(c.pick(NEXT), 0), c.bytes(6)))
      return v6Of(c.pick(NEXT), concat(...headers, data()))
    },
    'other protocol': () => (c.once(2) ? v4Of(c.below(256), data()) : v6Of(c.below(256), data())),
    'other type': () => ({ to: own, from: stranger(), etherType: c.below(0x10000), payload: data() }),
    'other address': (recent) => ({ ...c.pick(recent), to: mac(c.below(2 ** 31) * 2 ** 16 + c.below(0x10000)) }),
  }
  /** Hundreds of these at once fill what has a bound. */
  const floods: Readonly<Record<string, () => Frame>> = {
    'SYN flood': () => {
      const segment = concat(
        new Uint8Array(2),
        Uint8Array.of(0, 80),
        c.bytes(8),
        Uint8Array.of(0x50, 2, 0xff, 0xff, 0, 0, 0, 0),
      )
      writeU16(segment, 0, 1 + c.below(0xffff))
      const frame = v4Of(6, segment, `10.0.0.${3 + c.below(250)}`, v4)
      return { ...frame, payload: mend(c, frame.payload, Infinity) }
    },
    'fragment flood': () => {
      const packet = { from: '10.0.0.7', to: v4, protocol: 17, id: c.below(0x10000), offset: 8, more: true }
      return frame4(own, ipv4({ ...packet, payload: c.bytes(8) }))
    },
    'echo flood': () => {
      const from = `fd00::${(3 + c.below(0xfff0)).toString(16)}`
      return v6Of(58, icmp(128, 0, c.below(2 ** 31), c.bytes(8), [from, v6]), from, v6)
    },
    'echo flood of one': () => v6Of(58, icmp(128, 0, 0, c.bytes(2_000), ['fd00::abcd', v6]), 'fd00::abcd', v6),
  }
  const names = Object.keys(kinds)
  let flood: { readonly kind: string; left: number } | undefined
  return (recent: readonly Frame[]): readonly [kind: string, frame: Frame] => {
    if (flood === undefined && c.once(1_500)) flood = { kind: c.pick(Object.keys(floods)), left: 600 }
    if (flood !== undefined) {
      const { kind } = flood
      if (--flood.left === 0) flood = undefined
      return [kind, floods[kind]!()]
    }
    const kind = c.pick(names)
    const frame = kinds[kind]!(recent)
    return [kind, { ...frame, payload: frame.payload.slice() }]
  }
}

export const headerOf = (packet: Uint8Array): number => (packet[0]! >>> 4 === 4 ? 4 * (packet[0]! & 15) : 40)
export const protocolOf = ({ etherType, payload }: Frame): number | undefined =>
  etherType === 0x0800 ? payload[9] : etherType === 0x86dd ? payload[6] : undefined

/** Half of the time (or `of − 1` in `of`) the checksums are right again, so that what is behind them is looked at. */
const mend = (c: Chance, packet: Uint8Array, of = 2): Uint8Array => {
  if ((of < Infinity && c.once(of)) || packet.length < 20) return packet
  const isV4 = packet[0]! >>> 4 === 4
  const at = headerOf(packet)
  if (!isV4 && packet[0]! >>> 4 !== 6) return packet
  if (at < 20 || packet.length < at + 8) return packet
  if (isV4) {
    writeU16(packet, 10, 0)
    writeU16(packet, 10, checksumOf(sum(packet.subarray(0, at))))
  }
  const protocol = isV4 ? packet[9]! : packet[6]!
  const field = { 1: 2, 58: 2, 6: 16, 17: 6 }[protocol]
  const transport = packet.subarray(at, isV4 ? Math.max(at, Math.min(packet.length, readU16(packet, 2))) : undefined)
  if (field === undefined || transport.length < field + 2) return packet
  writeU16(transport, field, 0)
  const [from, to] = isV4
    ? [packet.subarray(12, 16), packet.subarray(16, 20)]
    : [packet.subarray(8, 24), packet.subarray(24, 40)]
  const pseudo = protocol === 1 ? 0 : pseudoHeaderSum(from, to, protocol, transport.length)
  writeU16(transport, field, checksumOf(pseudo + sum(transport)))
  return packet
}

/** Hop-by-hop, routing, fragment, destination, none, and what may follow. */
const NEXT = [0, 43, 44, 60, 59, 6, 17, 58, 50]
