import { readU32 } from '../protocol/kernel/codec.ts'
import { ALL_HOSTS, isMulticast, isUnicast, sameIp } from './address.ts'
import type { Host } from './host.ts'
import { REASSEMBLY_TIME, TIME_EXCEEDED_V4 } from './icmp.ts'
import type { IcmpErrors } from './icmp-errors.ts'
import type { Interface } from './interface.ts'
import type { Interning } from './interning.ts'
import { joinIpv4, leastUpperHeader } from './ip-fragments.ts'
import type { Ip } from './ip-output.ts'
import { DESTINATION_V4, fragmentFieldOf, ihlOf, MORE_FRAGMENTS, refuseIpv4, SOURCE_V4, totalLengthOf } from './ipv4.ts'
import { LIFETIME_V4, type Reassembly, reassembly } from './reassembly.ts'
import type { Received } from './received.ts'

/** IPv4 up to the transports: checks, destination, fragments (RFC 791, RFC 1122 §3.2.1). */
export interface IpInput {
  /** True if `received` now describes a packet for a transport; the caller has set its link fields. */
  readonly accept: (packet: Uint8Array, received: Received) => boolean
  readonly fragments: Reassembly
}

export const ipv4Input = (
  host: Host,
  iface: Interface,
  intern: Interning,
  isJoined: (group: Ip) => boolean,
  errors: () => IcmpErrors,
): IpInput => {
  const fragments = reassembly(host, LIFETIME_V4, (first) => {
    const culprit = { source: intern.v4(first, SOURCE_V4), destination: intern.v4(first, DESTINATION_V4) }
    errors().send({ ...culprit, packet: first, isUnicastFrame: true }, TIME_EXCEEDED_V4, REASSEMBLY_TIME, 0)
  })
  const refuse = (reason: Parameters<Host['drop']>[0]): false => {
    host.drop(reason)
    return false
  }

  const accept = (bytes: Uint8Array, received: Received): boolean => {
    const wrong = refuseIpv4(bytes)
    if (wrong !== undefined) return refuse(wrong)
    const total = totalLengthOf(bytes)
    const packet = total === bytes.length ? bytes : bytes.subarray(0, total)
    const source = intern.v4(packet, SOURCE_V4)
    const destination = intern.v4(packet, DESTINATION_V4)
    if (!received.isLooped) {
      if (!isUnicast(source) || iface.isBroadcast(source) || iface.find(source) !== undefined)
        return refuse('ip-source')
      if (destination.bytes[0] === 127) return refuse('not-for-us')
    }
    const toGroup = iface.isBroadcast(destination) || isMulticast(destination)
    if (toGroup) {
      const wanted = iface.isBroadcast(destination) || sameIp(destination, ALL_HOSTS) || isJoined(destination)
      if (!wanted) return refuse('not-for-us')
    } else if (!iface.isLocal(destination)) return refuse('not-for-us')
    received.packet = packet
    received.source = source
    received.destination = destination
    received.protocol = packet[9]!
    received.at = ihlOf(packet)
    received.named = 9
    received.ttl = packet[8]!
    received.tos = packet[1]!
    received.toGroup = toGroup
    return fragmentFieldOf(packet) === 0 || join(packet, received)
  }

  const join = (packet: Uint8Array, received: Received): boolean => {
    const field = fragmentFieldOf(packet)
    const header = received.at
    const part = packet.subarray(header)
    const offset = (field & 0x1fff) * 8
    const isLast = (field & MORE_FRAGMENTS) === 0
    const isTiny = offset === 0 && part.length < leastUpperHeader(received.protocol)
    if (part.length === 0 || (!isLast && part.length % 8 !== 0) || offset + part.length + header > 0xffff || isTiny) {
      return refuse('fragment-malformed')
    }
    const source = received.source.text
    const key = `${source} ${received.destination.text} ${received.protocol} ${readU32(packet, 4) >>> 16}`
    const whole = fragments.add({ key, source, packet, part, offset, isLast, ecn: packet[1]! & 3 })
    if (whole === undefined) return false
    const joined = joinIpv4(whole.first, whole.parts, whole.total)
    received.packet = joined
    received.at = ihlOf(joined)
    received.tos = (joined[1]! & 0xfc) | whole.ecn
    return true
  }
  return { accept, fragments }
}
