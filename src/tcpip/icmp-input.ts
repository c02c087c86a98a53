import { readU16, writeU16 } from '../protocol/kernel/codec.ts'
import { isUnspecified } from './address.ts'
import type { Autoconfiguration } from './autoconfiguration.ts'
import { isIntact, pseudoHeaderSum, sum, updated } from './checksum.ts'
import type { Echoes } from './echo.ts'
import { mld } from './group-message.ts'
import type { Host } from './host.ts'
import {
  ECHO_REPLY_V4,
  ECHO_REPLY_V6,
  ECHO_V4,
  ECHO_V6,
  ICMP_HEADER,
  type IcmpReport,
  reportV4,
  reportV6,
} from './icmp.ts'
import type { Interning } from './interning.ts'
import { flowOf, type IpSender } from './ip-sender.ts'
import { ICMP, TCP, UDP } from './ipv4.ts'
import { ICMPV6 } from './ipv6.ts'
import type { Multicast } from './multicast.ts'
import { ADVERTISEMENT, SOLICITATION } from './ndp.ts'
import type { NeighbourDiscovery } from './neighbour-discovery.ts'
import { type Quoted, readQuoted } from './quoted.ts'
import type { Received } from './received.ts'
import { ROUTER_ADVERTISEMENT } from './router-advertisement.ts'
import type { StackDropReason } from './stack-io.ts'
import type { Tcp } from './tcp/tcp.ts'
import type { UdpSockets } from './udp-sockets.ts'

/** ICMP of both families on its way in: echo is answered, errors find the socket they are about. */
export interface IcmpInput {
  /** Why the message was of no use, or `undefined`. */
  readonly input: (received: Received) => StackDropReason | undefined
  /** The neighbour of this packet of ours does not answer. */
  readonly unreachable: (packet: Uint8Array, report: IcmpReport) => void
}

/** Whom errors and replies are for. */
export interface IcmpUsers {
  readonly tcp: Tcp
  readonly udp: UdpSockets
  readonly echoes: Echoes
  readonly discovery: NeighbourDiscovery
  readonly groups: Multicast
  readonly routers: Autoconfiguration
}

export const icmpInput = (host: Host, ip: IpSender, intern: Interning, users: () => IcmpUsers): IcmpInput => {
  /** The same message back, with the checksum corrected for the one word that changes (RFC 1624). */
  const reply = (received: Received, message: Uint8Array): Refused => {
    const { source, destination, protocol, tos } = received
    if (isUnspecified(source)) return 'icmp-ignored'
    const flow = flowOf(destination, source, protocol, undefined, tos)
    const area = ip.allocate(flow, message.length)
    area.set(message)
    const type = protocol === ICMP ? ECHO_REPLY_V4 : ECHO_REPLY_V6
    area[0] = type
    writeU16(area, 2, updated(readU16(message, 2), readU16(message, 0), (type << 8) | message[1]!))
    return ip.send(flow, area) === undefined ? undefined : 'no-route'
  }

  const dispatch = (quoted: Quoted, report: IcmpReport, here: boolean): boolean => {
    const { local, remote, protocol, transport } = quoted
    if (!ip.isLocal(local)) return false
    if (protocol === TCP) {
      users().tcp.icmpError(local, remote, transport, report, host.now)
      return true
    }
    const flow = flowOf(local, remote, protocol)
    if (protocol === UDP) {
      const known = users().udp.failed(local, remote, transport, report, here)
      if (known && report.mtu !== undefined) ip.lowerMtu(flow, report.mtu)
      return known
    }
    if (protocol !== ICMP && protocol !== ICMPV6) return false
    if (report.mtu !== undefined) ip.lowerMtu(flow, report.mtu)
    users().echoes.failed(remote, transport, report.code)
    return true
  }
  const error = (report: IcmpReport | undefined, message: Uint8Array): Refused => {
    const quoted = report === undefined ? undefined : readQuoted(message.subarray(ICMP_HEADER), intern)
    if (report === undefined || quoted === undefined) return 'icmp-ignored'
    return dispatch(quoted, report, false) ? undefined : 'icmp-ignored'
  }

  const inputV4 = (received: Received, message: Uint8Array): Refused => {
    switch (message[0]) {
      case ECHO_V4:
        if (received.toGroup || !received.isUnicastFrame) return 'icmp-ignored'
        return reply(received, message)
      case ECHO_REPLY_V4:
        return users().echoes.replied(received.source, received.ttl, message)
      default:
        return error(reportV4(message), message)
    }
  }
  const inputV6 = (received: Received, message: Uint8Array): Refused => {
    switch (message[0]) {
      case ECHO_V6:
        if (received.toGroup || !received.isUnicastFrame) return 'icmp-ignored'
        return reply(received, message)
      case ECHO_REPLY_V6:
        return users().echoes.replied(received.source, received.ttl, message)
      case SOLICITATION:
      case ADVERTISEMENT:
        return users().discovery.input(received.from, received.source, received.destination, received.ttl, message)
      case ROUTER_ADVERTISEMENT:
        return users().routers.input(received)
      case mld.query:
      case mld.olderReport:
      case mld.leave:
      case mld.report:
        return users().groups.mld(received)
      default:
        return error(reportV6(message), message)
    }
  }

  return {
    input: (received) => {
      const message = received.packet.subarray(received.at)
      if (message.length < ICMP_HEADER) return 'icmp-malformed'
      const isV4 = received.protocol === ICMP
      const { source, destination } = received
      const pseudo = isV4 ? 0 : pseudoHeaderSum(source.bytes, destination.bytes, ICMPV6, message.length)
      if (!received.isLooped && !isIntact(pseudo + sum(message))) return 'icmp-checksum'
      return isV4 ? inputV4(received, message) : inputV6(received, message)
    },
    unreachable: (packet, report) => {
      const quoted = readQuoted(packet, intern)
      if (quoted !== undefined) dispatch(quoted, report, true)
    },
  }
}

type Refused = StackDropReason | undefined
