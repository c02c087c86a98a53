import { readU16, readU32 } from '../../../protocol/kernel/codec.ts'
import { printIp } from '../../../protocol/kernel/ip.ts'
import type { FrameTrace } from '../../../streams/trace.ts'
import { readArp, SENDER_IP, TARGET_IP } from '../../../tcpip/arp.ts'
import { ETHERTYPE_ARP, ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from '../../../tcpip/ethernet.ts'
import { DESTINATION_V4, fragmentFieldOf, IPV4_HEADER, ihlOf, SOURCE_V4, totalLengthOf } from '../../../tcpip/ipv4.ts'
import { chain, DESTINATION_V6, FRAGMENT, ICMPV6, IPV6_HEADER, SOURCE_V6, walk } from '../../../tcpip/ipv6.ts'

/**
 * A frame in a line, for people: time (UTC), which way, and what is in it.
 *
 *     12:34:56.789 out 10.144.0.1:49152 → 10.144.0.2:80 TCP SYN, 0 bytes
 */
export const frameLine = (frame: FrameTrace): string => `${stamp(frame.at)} ${frame.dir.padEnd(3)} ${inside(frame)}`

export const stamp = (at: number): string => new Date(at).toISOString().slice(11, 23)

const inside = ({ etherType, payload, from, to }: FrameTrace): string => {
  const what =
    etherType === ETHERTYPE_IPV4
      ? ipv4(payload)
      : etherType === ETHERTYPE_IPV6
        ? ipv6(payload)
        : etherType === ETHERTYPE_ARP
          ? arp(payload)
          : undefined
  return what ?? `${from} → ${to} type ${etherType.toString(16).padStart(4, '0')}, ${payload.length} bytes`
}

const ipv4 = (b: Uint8Array): string | undefined => {
  if (b.length < IPV4_HEADER || ihlOf(b) < IPV4_HEADER || totalLengthOf(b) > b.length) return undefined
  const source = printIp(b.slice(SOURCE_V4, SOURCE_V4 + 4))
  const destination = printIp(b.slice(DESTINATION_V4, DESTINATION_V4 + 4))
  const field = fragmentFieldOf(b)
  const offset = (field & 0x1fff) * 8
  const body = b.subarray(ihlOf(b), totalLengthOf(b))
  if (field !== 0) return `${source} → ${destination} fragment at ${offset}, ${body.length} bytes`
  return upper(source, destination, b[9]!, body)
}

const ipv6 = (b: Uint8Array): string | undefined => {
  if (b.length < IPV6_HEADER) return undefined
  const source = printIp(b.slice(SOURCE_V6, SOURCE_V6 + 16))
  const destination = printIp(b.slice(DESTINATION_V6, DESTINATION_V6 + 16))
  const packet = b.subarray(0, IPV6_HEADER + readU16(b, 4))
  const headers = chain()
  if (walk(packet, headers) !== undefined) return `${source} → ${destination} headers that cannot be read`
  const body = packet.subarray(headers.at)
  if (headers.protocol === FRAGMENT && body.length >= 8)
    return `${source} → ${destination} fragment at ${readU16(body, 2) & 0xfff8}, ${body.length - 8} bytes`
  return upper(source, destination, headers.protocol, body)
}

const upper = (source: string, destination: string, protocol: number, b: Uint8Array): string => {
  const v6 = source.includes(':')
  const place = (address: string, at: number): string =>
    `${v6 ? `[${address}]` : address}:${b.length >= at + 2 ? readU16(b, at) : '?'}`
  const between = `${place(source, 0)} → ${place(destination, 2)}`
  if (protocol === TCP && b.length >= 20) {
    const flags = FLAGS.filter((_, bit) => (b[13]! & (1 << bit)) !== 0).join(' ')
    return `${between} TCP ${flags}, seq ${readU32(b, 4)}, ack ${readU32(b, 8)}, ${b.length - (b[12]! >>> 4) * 4} bytes`
  }
  if (protocol === UDP && b.length >= 8) return `${between} UDP, ${b.length - 8} bytes`
  if ((protocol === ICMP || protocol === ICMPV6) && b.length >= 4)
    return `${source} → ${destination} ${icmp(protocol === ICMPV6, b)}`
  return `${source} → ${destination} protocol ${protocol}, ${b.length} bytes`
}

const icmp = (v6: boolean, b: Uint8Array): string => {
  const [type, code] = [b[0]!, b[1]!]
  const name = (v6 ? ICMPV6_NAMES : ICMP_NAMES)[type]
  const text = name === undefined ? `type ${type} code ${code}` : name
  if (v6 && (type === 135 || type === 136) && b.length >= 24) return `ICMPv6 ${text} ${printIp(b.slice(8, 24))}`
  const isEcho = v6 ? type === 128 || type === 129 : type === 8 || type === 0
  const about = isEcho && b.length >= 8 ? ` id ${readU16(b, 4)} seq ${readU16(b, 6)}` : ''
  return `${v6 ? 'ICMPv6' : 'ICMP'} ${text}${about}, ${b.length} bytes`
}

const arp = (b: Uint8Array): string | undefined => {
  const packet = readArp(b)
  if (packet === undefined) return undefined
  const sender = printIp(b.slice(SENDER_IP, SENDER_IP + 4))
  const target = printIp(b.slice(TARGET_IP, TARGET_IP + 4))
  return packet.isRequest ? `ARP who has ${target}? tell ${sender}` : `ARP ${sender} is here, told to ${target}`
}

const ICMP = 1
const TCP = 6
const UDP = 17
/** By their bit, the lowest first. */
const FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR']
const ICMP_NAMES: Readonly<Record<number, string>> = {
  0: 'echo reply',
  3: 'unreachable',
  8: 'echo request',
  11: 'time exceeded',
  12: 'parameter problem',
}
const ICMPV6_NAMES: Readonly<Record<number, string>> = {
  1: 'unreachable',
  2: 'packet too big',
  3: 'time exceeded',
  4: 'parameter problem',
  128: 'echo request',
  129: 'echo reply',
  133: 'router solicitation',
  134: 'router advertisement',
  135: 'who has',
  136: 'here is',
  143: 'multicast report',
}
