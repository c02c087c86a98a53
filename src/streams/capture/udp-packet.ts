import type { Endpoint } from '../../protocol/datagram.ts'
import { readU16 } from '../../protocol/kernel/codec.ts'
import { isIpv6, parseIp, printIp } from '../../protocol/kernel/ip.ts'
import type { Ip } from '../../tcpip/ip-output.ts'
import {
  DESTINATION_V4,
  DONT_FRAGMENT,
  IPV4_HEADER,
  ihlOf,
  refuseIpv4,
  SOURCE_V4,
  UDP,
  writeIpv4,
} from '../../tcpip/ipv4.ts'
import { DESTINATION_V6, IPV6_HEADER, refuseIpv6, SOURCE_V6, writeIpv6 } from '../../tcpip/ipv6.ts'
import { refuseUdp, UDP_HEADER, writeUdp } from '../../tcpip/udp.ts'

/** What a UDP datagram carries, from where to where. */
export interface Carried {
  readonly from: Endpoint
  readonly to: Endpoint
  readonly data: Uint8Array
}

/**
 * The IP packet that a datagram travels in, as a link would see it: nobody keeps the real one. Endpoints are of one
 * family; an address that is none counts as unspecified.
 */
export const udpPacket = ({ from, to, data }: Carried): Uint8Array => {
  const [source, destination] = [ipOf(from), ipOf(to)]
  const header = source.family === 4 ? IPV4_HEADER : IPV6_HEADER
  const packet = new Uint8Array(header + UDP_HEADER + data.length)
  packet.set(data, header + UDP_HEADER)
  writeUdp(packet.subarray(header), source, from.port, destination, to.port)
  if (source.family === 4) writeIpv4(packet, 0, 0, DONT_FRAGMENT, HOPS, UDP, source.bytes, destination.bytes)
  else writeIpv6(packet, 0, 0, UDP, HOPS, source.bytes, destination.bytes)
  return packet
}

/** What is in such a packet, the data as a view; `undefined` if it is none, or damaged. */
export const readUdpPacket = (packet: Uint8Array): Carried | undefined => {
  const v4 = packet.length > 0 && packet[0]! >>> 4 === 4
  if ((v4 ? refuseIpv4(packet) : refuseIpv6(packet)) !== undefined) return undefined
  const header = v4 ? ihlOf(packet) : IPV6_HEADER
  if (packet[v4 ? 9 : 6] !== UDP) return undefined
  const [source, destination, size] = v4 ? [SOURCE_V4, DESTINATION_V4, 4] : [SOURCE_V6, DESTINATION_V6, 16]
  const from = ipAt(packet, source, size)
  const to = ipAt(packet, destination, size)
  if (refuseUdp(packet, header, to, from, true) !== undefined) return undefined
  return {
    from: { address: from.text, port: readU16(packet, header) },
    to: { address: to.text, port: readU16(packet, header + 2) },
    data: packet.subarray(header + UDP_HEADER, header + readU16(packet, header + 4)),
  }
}

const ipOf = ({ address }: Endpoint): Ip => {
  const bytes = parseIp(address) ?? new Uint8Array(isIpv6(address) ? 16 : 4)
  return { family: bytes.length === 4 ? 4 : 6, bytes, text: address }
}
const ipAt = (packet: Uint8Array, at: number, size: number): Ip => {
  const bytes = packet.subarray(at, at + size)
  return { family: size === 4 ? 4 : 6, bytes, text: printIp(bytes) }
}

const HOPS = 64
