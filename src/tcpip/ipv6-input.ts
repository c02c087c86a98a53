import { readU32 } from '../protocol/kernel/codec.ts'
import { ALL_NODES, isLoopback, isMulticast, sameIp } from './address.ts'
import type { Host } from './host.ts'
import { PARAMETER_PROBLEM_V6, REASSEMBLY_TIME, TIME_EXCEEDED_V6 } from './icmp.ts'
import type { IcmpErrors } from './icmp-errors.ts'
import type { Interface } from './interface.ts'
import type { Interning } from './interning.ts'
import { FRAGMENT_HEADER, fragmentFieldV6, joinIpv6, leastUpperHeader, offsetOf } from './ip-fragments.ts'
import type { Ip } from './ip-output.ts'
import type { IpInput } from './ipv4-input.ts'
import {
  chain,
  DESTINATION_V6,
  ERRONEOUS_FIELD,
  FRAGMENT,
  ICMPV6,
  INCOMPLETE_CHAIN,
  IPV6_HEADER,
  NO_NEXT_HEADER,
  payloadLengthOf,
  refuseIpv6,
  SOURCE_V6,
  UNKNOWN_NEXT_HEADER,
  walk,
} from './ipv6.ts'
import { ADVERTISEMENT, SOLICITATION } from './ndp.ts'
import { LIFETIME_V6, reassembly } from './reassembly.ts'
import type { Received } from './received.ts'

/** IPv6 up to the transports: checks, destination, extension headers, fragments (RFC 8200). */
export const ipv6Input = (
  host: Host,
  iface: Interface,
  intern: Interning,
  isJoined: (group: Ip) => boolean,
  errors: () => IcmpErrors,
): IpInput => {
  const walked = chain()
  const fragments = reassembly(host, LIFETIME_V6, (first) => {
    const culprit = { source: intern.v6(first, SOURCE_V6), destination: intern.v6(first, DESTINATION_V6) }
    errors().send({ ...culprit, packet: first, isUnicastFrame: true }, TIME_EXCEEDED_V6, REASSEMBLY_TIME, 0)
  })
  const refuse = (reason: Parameters<Host['drop']>[0]): false => {
    host.drop(reason)
    return false
  }
  const complain = (received: Received, code: number, pointer: number, evenGroup = false): void =>
    errors().send(received, PARAMETER_PROBLEM_V6, code, pointer, evenGroup)

  /** Groups that every host listens to without being asked: all nodes, and the solicited-node groups of its addresses. */
  const isOwnGroup = (group: Ip): boolean => {
    if (sameIp(group, ALL_NODES)) return true
    const b = group.bytes
    const isSolicitedNode = b[1] === 2 && b[11] === 1 && b[12] === 0xff && readU32(b, 2) === 0 && readU32(b, 6) === 0
    if (!isSolicitedNode) return false
    const low = readU32(b, 12) & 0xff_ffff
    return iface.own().some(({ ip }) => ip.family === 6 && (readU32(ip.bytes, 12) & 0xff_ffff) === low)
  }

  const accept = (bytes: Uint8Array, received: Received): boolean => {
    const wrong = refuseIpv6(bytes)
    if (wrong !== undefined) return refuse(wrong)
    const total = IPV6_HEADER + payloadLengthOf(bytes)
    const packet = total === bytes.length ? bytes : bytes.subarray(0, total)
    const source = intern.v6(packet, SOURCE_V6)
    const destination = intern.v6(packet, DESTINATION_V6)
    if (isMulticast(source)) return refuse('ip-source')
    if (!received.isLooped) {
      if (isLoopback(source)) return refuse('ip-source')
      if (isLoopback(destination)) return refuse('not-for-us')
    }
    const toGroup = isMulticast(destination)
    const wanted = toGroup ? isOwnGroup(destination) || isJoined(destination) : iface.isLocal(destination)
    if (!wanted) return refuse('not-for-us')
    received.packet = packet
    received.source = source
    received.destination = destination
    received.ttl = packet[7]!
    received.tos = ((packet[0]! & 15) << 4) | (packet[1]! >>> 4)
    received.toGroup = toGroup
    if (!climb(received)) return false
    return received.isLooped || iface.find(source) === undefined || isClaim(received) || refuse('ip-source')
  }

  /** A packet from our own address is refused, unless it is how somebody else claims the address. */
  const isClaim = ({ packet, protocol, at }: Received): boolean =>
    protocol === ICMPV6 && (packet[at] === SOLICITATION || packet[at] === ADVERTISEMENT)

  /** Through the extension headers, and through reassembly if there is a fragment header. */
  const climb = (received: Received): boolean => {
    const { packet } = received
    const refused = walk(packet, walked)
    if (refused !== undefined) {
      if (walked.problem >= 0) complain(received, walked.problem, walked.pointer, walked.always)
      return refuse(refused)
    }
    received.protocol = walked.protocol
    received.at = walked.at
    received.named = walked.named
    if (walked.protocol === NO_NEXT_HEADER) return false
    return walked.protocol !== FRAGMENT || join(received, walked.at, walked.named)
  }

  const join = (received: Received, at: number, named: number): boolean => {
    const { packet } = received
    if (packet.length < at + FRAGMENT_HEADER) return refuse('fragment-malformed')
    const field = fragmentFieldV6(packet, at)
    const offset = offsetOf(field)
    const isLast = (field & 1) === 0
    const part = packet.subarray(at + FRAGMENT_HEADER)
    if (!isLast && part.length % 8 !== 0) {
      complain(received, ERRONEOUS_FIELD, 4)
      return refuse('fragment-malformed')
    }
    if (at - IPV6_HEADER + offset + part.length > 0xffff) {
      complain(received, ERRONEOUS_FIELD, at + 2)
      return refuse('fragment-malformed')
    }
    if (part.length === 0) return refuse('fragment-malformed')
    if (offset === 0 && !isLast && !holdsUpperHeader(packet, at)) {
      complain(received, INCOMPLETE_CHAIN, 0)
      return refuse('fragment-malformed')
    }
    // an atomic fragment is a whole datagram and never meets others (RFC 6946)
    if (offset === 0 && isLast) return again(received, joinIpv6(packet, at, named, [part], part.length))
    const source = received.source.text
    const key = `${source} ${received.destination.text} ${readU32(packet, at + 4)}`
    const whole = fragments.add({ key, source, packet, part, offset, isLast, ecn: received.tos & 3 })
    if (whole === undefined) return false
    walk(whole.first, walked)
    received.tos = (received.tos & 0xfc) | whole.ecn
    return again(received, joinIpv6(whole.first, walked.at, walked.named, whole.parts, whole.total))
  }
  /** The rest of the chain, which was in the fragments. A second fragment header is nothing that anybody sends. */
  const again = (received: Received, joined: Uint8Array): boolean => {
    received.packet = joined
    const refused = walk(joined, walked)
    if (refused !== undefined || walked.protocol === FRAGMENT) {
      if (walked.problem >= 0) complain(received, walked.problem, walked.pointer, walked.always)
      else if (refused === undefined) complain(received, UNKNOWN_NEXT_HEADER, walked.named)
      return refuse(refused ?? 'fragment-malformed')
    }
    received.protocol = walked.protocol
    received.at = walked.at
    received.named = walked.named
    return walked.protocol !== NO_NEXT_HEADER
  }
  /** Whether the whole header chain is in this first fragment (RFC 7112). */
  const holdsUpperHeader = (packet: Uint8Array, at: number): boolean => {
    const flat = joinIpv6(packet, at, walked.named, [packet.subarray(at + FRAGMENT_HEADER)], packet.length - at - 8)
    const inner = chain()
    return (
      walk(flat, inner) !== 'ip-malformed' &&
      (inner.protocol === NO_NEXT_HEADER || flat.length - inner.at >= leastUpperHeader(inner.protocol))
    )
  }
  return { accept, fragments }
}
