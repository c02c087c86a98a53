import { readU16, writeU16 } from '../protocol/kernel/codec.ts'
import type { Millis } from '../protocol/kernel/machine.ts'
import { ALL_HOSTS, ALL_NODES, ipFrom } from './address.ts'
import { checksumOf, pseudoHeaderSum, sum } from './checksum.ts'
import { blank } from './host.ts'
import type { Ip } from './ip-output.ts'
import { IGMP, IPV4_HEADER, writeIpv4 } from './ipv4.ts'
import { HOP_BY_HOP, ICMPV6, IPV6_HEADER, writeIpv6 } from './ipv6.ts'

/**
 * What hosts and multicast routers say about groups: IGMP (RFC 3376, RFC 2236, RFC 1112) and MLD (RFC 3810, RFC 2710),
 * which are one protocol with addresses of another length.
 *
 *     report   type[1]  0[1]  checksum[2]  0[2]  records[2], each: kind[1]  0[1]  sources[2] = 0  group[4 | 16]
 *     older    type[1]  0[1]  checksum[2]  (MLD: delay[2]  0[2])  group[4 | 16]
 *     query    as older, with the response time, and behind the group in the newest version: flags[2]  sources[2] …
 */
export interface GroupDialect {
  readonly family: 4 | 6
  readonly protocol: number
  readonly query: number
  readonly report: number
  /** Reports and leave of the older versions; IGMPv1 cannot take leave. */
  readonly olderReport: number
  readonly oldestReport: number
  readonly leave: number
  readonly reportsTo: Ip
  readonly routers: Ip
  /** The group that everybody is in, of which nobody speaks. */
  readonly everybody: Ip
  /** Where the group stands in a query or an older report. */
  readonly groupAt: number
  readonly ofPacket: { readonly headers: number; readonly record: number }
}
export const igmp: GroupDialect = {
  ...{ family: 4, protocol: IGMP, query: 0x11, report: 0x22, olderReport: 0x16, oldestReport: 0x12, leave: 0x17 },
  ...{ reportsTo: ipFrom('224.0.0.22'), routers: ipFrom('224.0.0.2'), everybody: ALL_HOSTS, groupAt: 4 },
  ofPacket: { headers: IPV4_HEADER + 4 + 8, record: 8 },
}
export const mld: GroupDialect = {
  ...{ family: 6, protocol: ICMPV6, query: 130, report: 143, olderReport: 131, oldestReport: 131, leave: 132 },
  ...{ reportsTo: ipFrom('ff02::16'), routers: ipFrom('ff02::2'), everybody: ALL_NODES, groupAt: 8 },
  ofPacket: { headers: IPV6_HEADER + 8 + 8, record: 20 },
}

/** Kinds of a record; a member of a group excludes no source of it. */
export const MODE_IS_EXCLUDE = 2
export const CHANGE_TO_INCLUDE = 3
export const CHANGE_TO_EXCLUDE = 4

/** Whether a group is ever reported: not what every host is in, nor what does not leave it. */
export const isReported = (dialect: GroupDialect, group: Ip): boolean =>
  group.text !== dialect.everybody.text && !(group.family === 6 && (group.bytes[1]! & 15) < LINK_LOCAL)

export interface GroupRecord {
  readonly kind: number
  readonly group: Ip
}
/** A whole packet with headroom in front; who calls sees to it that it fits the link. */
export const writeReport = (dialect: GroupDialect, source: Ip, records: readonly GroupRecord[]): Uint8Array => {
  const { record } = dialect.ofPacket
  return writePacket(dialect, source, dialect.reportsTo, 8 + records.length * record, (message) => {
    message[0] = dialect.report
    writeU16(message, 6, records.length)
    records.forEach(({ kind, group }, i) => {
      message[8 + i * record] = kind
      message.set(group.bytes, 8 + i * record + 4)
    })
  })
}
/** A report or leave of an older version, about one group. */
export const writeOlder = (dialect: GroupDialect, type: number, source: Ip, to: Ip, group: Ip): Uint8Array =>
  writePacket(dialect, source, to, dialect.groupAt + group.bytes.length, (message) => {
    message[0] = type
    message.set(group.bytes, dialect.groupAt)
  })

/** One hop only, and every router on it is to look (RFC 2113, RFC 2711). */
const writePacket = (
  { family, protocol }: GroupDialect,
  source: Ip,
  to: Ip,
  length: number,
  fill: (message: Uint8Array) => void,
): Uint8Array => {
  if (family === 4) {
    const header = IPV4_HEADER + ROUTER_ALERT_V4.length
    const packet = blank(header + length)
    writeIpv4(packet, NETWORK_CONTROL, 0, 0, 1, protocol, source.bytes, to.bytes)
    packet[0] = 0x40 | (header / 4)
    packet.set(ROUTER_ALERT_V4, IPV4_HEADER)
    writeU16(packet, 10, 0)
    writeU16(packet, 10, checksumOf(sum(packet, 0, header)))
    const message = packet.subarray(header)
    fill(message)
    writeU16(message, 2, checksumOf(sum(message)))
    return packet
  }
  const packet = blank(IPV6_HEADER + ROUTER_ALERT_V6.length + length)
  writeIpv6(packet, 0, 0, HOP_BY_HOP, 1, source.bytes, to.bytes)
  packet.set(ROUTER_ALERT_V6, IPV6_HEADER)
  const message = packet.subarray(IPV6_HEADER + ROUTER_ALERT_V6.length)
  fill(message)
  writeU16(message, 2, checksumOf(pseudoHeaderSum(source.bytes, to.bytes, ICMPV6, length) + sum(message)))
  return packet
}

export interface GroupQuery {
  /** 3: IGMPv3 and MLDv2; 2: IGMPv2 and MLDv1; 1: IGMPv1. */
  readonly version: 1 | 2 | 3
  /** An answer comes within this. */
  readonly within: Millis
  /** Where the group asked about stands; -1: every group. */
  readonly groupAt: number
}
/** A query whose type and checksum were looked at; `undefined` if it is malformed. */
export const readQuery = (dialect: GroupDialect, message: Uint8Array): GroupQuery | undefined => {
  const { family, groupAt } = dialect
  const end = groupAt + (family === 4 ? 4 : 16)
  const isNewest = message.length >= end + 4
  if (message.length < end || (message.length > end && !isNewest)) return undefined
  if (isNewest && message.length < end + 4 + readU16(message, end + 2) * (end - groupAt)) return undefined
  let asksAll = true
  for (let at = groupAt; at < end; at++) asksAll &&= message[at] === 0
  const asked = asksAll ? -1 : groupAt
  if (family === 6) {
    const code = readU16(message, 4)
    const within = isNewest && code >= 0x8000 ? ((code & 0xfff) | 0x1000) * 2 ** (((code >>> 12) & 7) + 3) : code
    return { version: isNewest ? 3 : 2, within, groupAt: asked }
  }
  const code = message[1]!
  const tenths = isNewest && code >= 0x80 ? ((code & 15) | 16) * 2 ** (((code >>> 4) & 7) + 3) : code
  if (!isNewest && code === 0) return { version: 1, within: RESPONSE_OF_V1, groupAt: asked }
  return { version: isNewest ? 3 : 2, within: tenths * 100, groupAt: asked }
}

const LINK_LOCAL = 2
const NETWORK_CONTROL = 0xc0
const RESPONSE_OF_V1: Millis = 10_000
const ROUTER_ALERT_V4 = Uint8Array.of(0x94, 4, 0, 0)
/** A hop-by-hop header in front of ICMPv6: router alert for MLD, and padding. */
const ROUTER_ALERT_V6 = Uint8Array.of(ICMPV6, 0, 5, 2, 0, 0, 1, 0)
