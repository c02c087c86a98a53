import { writeU16 } from '../protocol/kernel/codec.ts'
import { isMulticast, isUnicast } from './address.ts'
import { checksumOf, pseudoHeaderSum, sum } from './checksum.ts'
import type { Host } from './host.ts'
import { ICMP_HEADER, isErrorV4, isErrorV6, writeIcmp } from './icmp.ts'
import type { Interface } from './interface.ts'
import type { Ip } from './ip-output.ts'
import { flowOf, type IpSender } from './ip-sender.ts'
import { fragmentFieldOf, ICMP, IPV4_HEADER, ihlOf } from './ipv4.ts'
import { chain, FRAGMENT, ICMPV6, IPV6_HEADER, walk } from './ipv6.ts'
import { type TokenBucket, tokenBucket } from './token-bucket.ts'

/** What an error is about: a packet as it was received, and how. */
export interface Culprit {
  readonly packet: Uint8Array
  readonly source: Ip
  readonly destination: Ip
  /** It came to our MAC, not to a group. */
  readonly isUnicastFrame: boolean
}

/**
 * Sends ICMP errors of both families, or not: never about an error, an IPv4 fragment behind the first, a group or
 * broadcast, and never more than the limits allow (RFC 1122 §3.2.2, RFC 1812 §4.3.2.8, RFC 4443 §2.4).
 */
export interface IcmpErrors {
  /** `evenGroup`: Packet Too Big and unknown options of type 10… answer multicast as well. */
  readonly send: (culprit: Culprit, type: number, code: number, rest: number, evenGroup?: boolean) => void
}

export const icmpErrors = (host: Host, iface: Interface, ip: IpSender): IcmpErrors => {
  const overall = tokenBucket(MOST_PER_SECOND, BURST)
  const perDestination = new Map<string, TokenBucket>()
  const walked = chain()

  const mayTell = (remote: Ip): boolean => {
    let bucket = perDestination.get(remote.text)
    if (bucket === undefined) {
      if (perDestination.size >= MOST_DESTINATIONS) perDestination.delete(perDestination.keys().next().value ?? '')
      bucket = tokenBucket(MOST_PER_SECOND_TO_ONE, MOST_PER_SECOND_TO_ONE)
      perDestination.set(remote.text, bucket)
    }
    return bucket.take(host.now) && overall.take(host.now)
  }
  const isExempt = ({ packet, source, destination }: Culprit): boolean => {
    if (!isUnicast(source)) return true
    if (destination.family === 4) {
      if ((fragmentFieldOf(packet) & 0x1fff) !== 0) return true
      return packet[9] === ICMP && isErrorV4(packet[ihlOf(packet)] ?? 0)
    }
    walk(packet, walked)
    // what a fragment of ICMPv6 says is not known here, so it may be an error
    if (walked.protocol === FRAGMENT) return packet[walked.at] === ICMPV6
    return walked.protocol === ICMPV6 && isErrorV6(packet[walked.at] ?? 0)
  }

  return {
    send: (culprit, type, code, rest, evenGroup = false) => {
      const { packet, source, destination } = culprit
      const isGroup = isMulticast(destination) || iface.isBroadcast(destination) || !culprit.isUnicastFrame
      if ((isGroup && !evenGroup) || isExempt(culprit) || !mayTell(source)) return
      const local = isGroup || !iface.isLocal(destination) ? ip.source(source) : destination
      if (typeof local === 'string') {
        host.drop('no-route')
        return
      }
      const isV4 = source.family === 4
      const flow = flowOf(local, source, isV4 ? ICMP : ICMPV6)
      const most = isV4 ? MOST_V4 - IPV4_HEADER - ICMP_HEADER : MOST_V6 - IPV6_HEADER - ICMP_HEADER
      const quote = packet.length > most ? packet.subarray(0, most) : packet
      const area = ip.allocate(flow, ICMP_HEADER + quote.length)
      writeIcmp(area, type, code, rest)
      area.set(quote, ICMP_HEADER)
      const pseudo = isV4 ? 0 : pseudoHeaderSum(local.bytes, source.bytes, ICMPV6, area.length)
      writeU16(area, 2, checksumOf(pseudo + sum(area)))
      if (ip.send(flow, area) !== undefined) host.drop('no-route')
    },
  }
}

const MOST_PER_SECOND = 1000
const BURST = 50
const MOST_PER_SECOND_TO_ONE = 100
const MOST_DESTINATIONS = 256
/** An error is no longer than what every host must be able to take. */
const MOST_V4 = 576
const MOST_V6 = 1280
