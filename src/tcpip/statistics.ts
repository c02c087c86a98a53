import { ETHERTYPE_ARP, ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from './ethernet.ts'
import { ICMP, IGMP, TCP, UDP } from './ipv4.ts'
import { FRAGMENT, HOP_BY_HOP, ICMPV6, IPV6_HEADER } from './ipv6.ts'
import type { StackDropReason } from './stack-io.ts'

/**
 * How much of each protocol came and went, and what was wrong with it. Counted where frames enter and leave, by a look at
 * their first bytes: plain additions, always on. A datagram in fragments counts once with its protocol, and each piece
 * as a fragment. `errors` is the sum of the six kinds of them; nothing is forwarded, so nothing counts that.
 */
export interface Statistics {
  readonly received: (etherType: number, payload: Uint8Array) => void
  readonly sent: (etherType: number, payload: Uint8Array) => void
  /** A packet this host sent to itself: of no link, but of every protocol above. */
  readonly looped: (packet: Uint8Array) => void
  readonly dropped: (reason: StackDropReason) => void
  /** A packet whose next hop was known, and needed no question of ARP or NDP. */
  readonly resolved: (family: 4 | 6) => void
  /** `protocol/counter` and its value, those above zero. */
  readonly counts: () => Record<string, number>
}

export const statistics = (): Statistics => {
  const counters = new Float64Array(protocols.length * KINDS)
  /** IP version of the frame that is being dealt with: which of two protocols a reason is about. */
  let family = 0
  const add = (protocol: number, kind: number, by: number): void => {
    counters[protocol * KINDS + kind]! += by
  }
  const count = (etherType: number, payload: Uint8Array, kind: number): void => {
    if (etherType === ETHERTYPE_IPV4) {
      if (kind === RECEIVED) family = 0
      add(IP, kind, 1)
      const place = ((payload[6]! << 8) | payload[7]!) & 0x3fff
      if (place !== 0) add(FRAGMENTS, kind, 1)
      if ((place & 0x1fff) === 0) add(aboveV4(payload[9]!), kind, 1)
    } else if (etherType === ETHERTYPE_IPV6) {
      if (kind === RECEIVED) family = 1
      add(IP + 1, kind, 1)
      const next = payload[6]!
      if (next === FRAGMENT) add(FRAGMENTS + 1, kind, 1)
      add(aboveV6(next, payload), kind, 1)
    } else if (etherType === ETHERTYPE_ARP) add(ARP, kind, 1)
  }
  const countLink = (etherType: number, payload: Uint8Array, kind: number): void => {
    add(LINK, kind, 1)
    add(LINK, kind + BYTES, payload.length)
    count(etherType, payload, kind)
  }
  return {
    received: (etherType, payload) => countLink(etherType, payload, RECEIVED),
    sent: (etherType, payload) => countLink(etherType, payload, SENT),
    looped: (packet) => {
      const etherType = packet[0]! >>> 4 === 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6
      count(etherType, packet, SENT)
      count(etherType, packet, RECEIVED)
    },
    dropped: (reason) => {
      const [protocol, kind] = blame[reason]
      const exact = protocol === IP || protocol === FRAGMENTS || protocol === ICMPS ? protocol + family : protocol
      add(exact, DROPPED, 1)
      if (kind !== DROPPED) add(exact, kind, 1)
    },
    resolved: (family) => add(family === 4 ? ARP : ND, HITS, 1),
    counts: () => {
      const found: Record<string, number> = {}
      for (const [p, protocol] of protocols.entries()) {
        if (protocol === '') continue
        for (const [k, kind] of kinds.entries()) {
          const value = counters[p * KINDS + k]!
          if (value > 0) found[`${protocol}/${kind}`] = value
        }
        let errors = 0
        for (let k = CHECKSUM; k <= OPTION; k++) errors += counters[p * KINDS + k]!
        if (errors > 0) found[`${protocol}/errors`] = errors
      }
      return found
    },
  }
}

const aboveV4 = (protocol: number): number =>
  protocol === TCP ? TCPS : protocol === UDP ? UDPS : protocol === ICMP ? ICMPS : protocol === IGMP ? IGMPS : OTHER

const aboveV6 = (next: number, packet: Uint8Array): number => {
  if (next === TCP) return TCPS
  if (next === UDP) return UDPS
  // only MLD and whatever comes in fragments has a header in between
  let at = IPV6_HEADER
  let above = next
  if (next === HOP_BY_HOP || next === FRAGMENT) {
    if (next === FRAGMENT && (packet[at + 2]! !== 0 || packet[at + 3]! > 1)) return OTHER
    above = packet[at]!
    at += next === FRAGMENT ? 8 : 8 * (packet[at + 1]! + 1)
    if (above === TCP) return TCPS
    if (above === UDP) return UDPS
  }
  if (above !== ICMPV6) return OTHER
  const type = packet[at]!
  if (type >= FIRST_NDP && type <= LAST_NDP) return ND
  return (type >= FIRST_MLD && type <= LAST_MLD) || type === MLD_V2 ? MLD : ICMPS + 1
}

const protocols = [
  ...['link', 'arp', 'ip4', 'ip6', 'fragment4', 'fragment6', 'icmp4', 'icmp6', 'nd', 'igmp', 'mld', 'udp', 'tcp'],
  // what is none of these is in the counts of IP alone
  '',
]
const [LINK, ARP, IP, FRAGMENTS, ICMPS, ND, IGMPS, MLD, UDPS, TCPS, OTHER] = [0, 1, 2, 4, 6, 8, 9, 10, 11, 12, 13]
const kinds = [
  ...['received', 'sent', 'receivedBytes', 'sentBytes', 'dropped', 'checksumErrors', 'lengthErrors'],
  ...['memoryErrors', 'routeErrors', 'protocolErrors', 'optionErrors', 'cacheHits'],
]
const KINDS = kinds.length
const [RECEIVED, SENT, BYTES, DROPPED, CHECKSUM, LENGTH, MEMORY, ROUTE, PROTOCOL, OPTION, HITS] = [
  0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11,
]
const [FIRST_NDP, LAST_NDP, FIRST_MLD, LAST_MLD, MLD_V2] = [133, 137, 130, 132, 143]

/** Which protocol a drop is counted with (both versions of IP share a row), and as what. */
const blame: Readonly<Record<StackDropReason, readonly [protocol: number, kind: number]>> = {
  'not-for-us': [LINK, DROPPED],
  'unknown-ethertype': [LINK, PROTOCOL],
  'arp-malformed': [ARP, LENGTH],
  'arp-spoofed': [ARP, PROTOCOL],
  'ip-malformed': [IP, LENGTH],
  'ip-checksum': [IP, CHECKSUM],
  'ip-source': [IP, PROTOCOL],
  'ip-options': [IP, OPTION],
  'ip-protocol': [IP, PROTOCOL],
  'fragment-overlap': [FRAGMENTS, PROTOCOL],
  'fragment-limit': [FRAGMENTS, MEMORY],
  'fragment-timeout': [FRAGMENTS, DROPPED],
  'fragment-malformed': [FRAGMENTS, LENGTH],
  'icmp-malformed': [ICMPS, LENGTH],
  'icmp-checksum': [ICMPS, CHECKSUM],
  'icmp-ignored': [ICMPS, DROPPED],
  'ndp-malformed': [ND, LENGTH],
  'udp-malformed': [UDPS, LENGTH],
  'udp-checksum': [UDPS, CHECKSUM],
  'udp-no-port': [UDPS, PROTOCOL],
  'udp-queue': [UDPS, MEMORY],
  'tcp-malformed': [TCPS, LENGTH],
  'tcp-checksum': [TCPS, CHECKSUM],
  'tcp-no-port': [TCPS, PROTOCOL],
  'tcp-backlog': [TCPS, MEMORY],
  'tcp-unacceptable': [TCPS, PROTOCOL],
  'tcp-paws': [TCPS, PROTOCOL],
  'tcp-window': [TCPS, DROPPED],
  'neighbour-queue': [LINK, MEMORY],
  'neighbour-limit': [LINK, MEMORY],
  'no-route': [IP, ROUTE],
  'loop-queue': [IP, MEMORY],
}
