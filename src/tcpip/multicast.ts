import type { Millis } from '../protocol/kernel/machine.ts'
import { ANY_V4, isLinkLocal, isMulticast } from './address.ts'
import { isIntact, sum } from './checksum.ts'
import { type GroupDialect, igmp, mld, readQuery } from './group-message.ts'
import { type GroupReports, groupReports } from './group-reports.ts'
import type { Host } from './host.ts'
import type { Interface } from './interface.ts'
import type { Interning } from './interning.ts'
import type { Ip } from './ip-output.ts'
import { HOP_BY_HOP } from './ipv6.ts'
import type { Received } from './received.ts'
import type { StackDropReason } from './stack-io.ts'

/** The groups of a host: published to the link, reported to multicast routers, answered for when these ask. */
export interface Multicast {
  /** To be called after addresses or joined groups changed. The link hears first, so that it delivers what follows. */
  readonly changed: () => void
  readonly igmp: (received: Received) => StackDropReason | undefined
  /** A message of MLD whose ICMPv6 checksum is right. */
  readonly mld: (received: Received) => StackDropReason | undefined
  readonly deadline: () => Millis
  readonly tick: () => void
}

export const multicast = (host: Host, iface: Interface, intern: Interning, joined: () => Iterable<Ip>): Multicast => {
  const own = (isIt: (ip: Ip) => boolean): Ip | undefined => iface.own().find(({ ip }) => isIt(ip))?.ip
  const v4 = groupReports(host, igmp, () => own(({ family }) => family === 4) ?? ANY_V4, iface.mtu)
  const v6 = groupReports(host, mld, () => own((ip) => ip.family === 6 && isLinkLocal(ip)), iface.mtu)
  let published = ''

  const heard = (
    dialect: GroupDialect,
    reports: GroupReports,
    message: Uint8Array,
    readGroup: (at: number) => Ip,
  ): StackDropReason | undefined => {
    const type = message[0]
    if (type === dialect.query) {
      const query = readQuery(dialect, message)
      if (query === undefined) return 'icmp-malformed'
      const group = query.groupAt < 0 ? undefined : readGroup(query.groupAt)
      if (group !== undefined && !isMulticast(group)) return 'icmp-malformed'
      reports.asked(query, group)
      return undefined
    }
    const isReport = type === dialect.olderReport || type === dialect.oldestReport
    if (!isReport) return 'icmp-ignored'
    if (message.length < dialect.groupAt + (dialect.family === 4 ? 4 : 16)) return 'icmp-malformed'
    reports.answered(readGroup(dialect.groupAt))
    return undefined
  }

  return {
    changed: () => {
      const groups = iface.groups(joined())
      const text = groups.map(({ mac, adi }) => `${mac} ${adi}`).join()
      if (text === published) return
      published = text
      host.out({ _tag: 'Groups', groups })
      const all = [...iface.solicited(), ...joined()]
      v4.sync(all)
      v6.sync(all)
    },
    igmp: ({ packet, at, ttl, isLooped }) => {
      const message = packet.subarray(at)
      if (ttl !== 1 || message.length < LEAST_IGMP) return 'icmp-malformed'
      if (!isLooped && !isIntact(sum(message))) return 'icmp-checksum'
      return heard(igmp, v4, message, (from) => intern.v4(message, from))
    },
    mld: ({ packet, at, ttl, source }) => {
      // what does not come from this link and was not for every router's eyes is none
      if (ttl !== 1 || !isLinkLocal(source) || packet[6] !== HOP_BY_HOP) return 'icmp-malformed'
      const message = packet.subarray(at)
      return heard(mld, v6, message, (from) => intern.v6(message, from))
    },
    deadline: () => Math.min(v4.deadline(), v6.deadline()),
    tick: () => {
      v4.tick()
      v6.tick()
    },
  }
}

const LEAST_IGMP = 8
