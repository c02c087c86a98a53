import type { Mac } from '../protocol/kernel/id.ts'
import type { Millis } from '../protocol/kernel/machine.ts'
import {
  ALL_NODES,
  ANY_V6,
  groupMac,
  isGroupMac,
  isMulticast,
  isUnspecified,
  sameIp,
  solicitedNode,
} from './address.ts'
import { ETHERTYPE_IPV6 } from './ethernet.ts'
import { between, type Host } from './host.ts'
import type { Interface, OwnAddress } from './interface.ts'
import type { Interning } from './interning.ts'
import type { Ip } from './ip-output.ts'
import {
  ADVERTISEMENT,
  LEAST_NDP,
  linkAddressOption,
  NDP_HOP_LIMIT,
  OVERRIDE_FLAG,
  SOLICITATION,
  SOLICITED_FLAG,
  SOURCE_LINK_ADDRESS,
  TARGET,
  TARGET_LINK_ADDRESS,
  writeNdp,
} from './ndp.ts'
import type { Neighbour } from './neighbour.ts'
import type { NeighbourCache } from './neighbour-cache.ts'
import type { StackDropReason } from './stack-io.ts'

/**
 * The Neighbor Discovery side of a host (RFC 4861, RFC 4862); of routers see `autoconfiguration`.
 *
 * Unlike RFC 4429 §3.3 asks, a solicitation from a tentative address carries our link address: without it the peer has to
 * resolve us before it can answer, and the controller, not the link, decides who owns an address here.
 */
export interface NeighbourDiscovery {
  /** A solicitation or advertisement whose ICMPv6 checksum is right. Why it was of no use, or `undefined`. */
  readonly input: (
    from: Mac,
    source: Ip,
    destination: Ip,
    hopLimit: number,
    message: Uint8Array,
  ) => StackDropReason | undefined
  readonly ask: (neighbour: Neighbour, everybody: boolean) => void
  /** Usable at once; whether somebody else has it is asked within a second (optimistic, RFC 4429). */
  readonly added: (address: OwnAddress) => void
  readonly deadline: () => Millis
  readonly tick: () => void
}

export const neighbourDiscovery = (
  host: Host,
  iface: Interface,
  intern: Interning,
  neighbours: () => NeighbourCache,
  /** Somebody else has an address of ours. */
  lost: (address: Ip) => void,
): NeighbourDiscovery => {
  let earliest: Millis = Infinity

  const solicit = (from: Ip, target: Ip): void => {
    const group = solicitedNode(target)
    const option = isUnspecified(from) ? 0 : SOURCE_LINK_ADDRESS
    host.emit(groupMac(group), ETHERTYPE_IPV6, writeNdp(SOLICITATION, from, group, 0, target, option, host.mac))
  }
  const conflict = (address: OwnAddress, its: Mac): void => {
    host.out({ _tag: 'Conflict', address: address.ip.text, mac: its })
    lost(address.ip)
    if (host.now - address.defendedAt < DEFEND_INTERVAL) return
    address.defendedAt = host.now
    advertiseToAll(address)
  }
  const advertiseToAll = ({ ip, tentativeUntil }: OwnAddress): void => {
    const flags = tentativeUntil > host.now ? 0 : OVERRIDE_FLAG
    const packet = writeNdp(ADVERTISEMENT, ip, ALL_NODES, flags, ip, TARGET_LINK_ADDRESS, host.mac)
    host.emit(groupMac(ALL_NODES), ETHERTYPE_IPV6, packet)
  }

  const solicited = (from: Mac, source: Ip, destination: Ip, target: Ip, message: Uint8Array): Refused => {
    const link = linkAddressOption(message, SOURCE_LINK_ADDRESS)
    const isProbe = isUnspecified(source)
    if (link === undefined || isMulticast(target) || (link !== null && isGroupMac(link))) return 'ndp-malformed'
    if (isProbe && (link !== null || !sameIp(destination, solicitedNode(target)))) return 'ndp-malformed'
    const ours = iface.find(target)
    if (ours === undefined) return 'icmp-ignored'
    const claimed = iface.find(source)
    if (claimed !== undefined) {
      conflict(claimed, from)
      return undefined
    }
    if (isProbe) {
      // somebody else wants it at the same time as we do, or wants to know whether it is taken
      if (ours.tentativeUntil > host.now) {
        host.out({ _tag: 'Conflict', address: target.text, mac: from })
        lost(target)
      }
      advertiseToAll(ours)
      return undefined
    }
    if (link !== null) neighbours().heard(source, link, true)
    const override = ours.tentativeUntil > host.now ? 0 : OVERRIDE_FLAG
    const flags = (SOLICITED_FLAG | override) >>> 0
    const packet = writeNdp(ADVERTISEMENT, target, source, flags, target, TARGET_LINK_ADDRESS, host.mac)
    neighbours().send(neighbours().towards(source), packet)
    return undefined
  }

  const advertised = (destination: Ip, target: Ip, message: Uint8Array): Refused => {
    const link = linkAddressOption(message, TARGET_LINK_ADDRESS)
    const flags = message[4]!
    const isSolicited = (flags & 0x40) !== 0
    const isOverride = (flags & 0x20) !== 0
    if (link === undefined || isMulticast(target) || (link !== null && isGroupMac(link))) return 'ndp-malformed'
    if (isSolicited && isMulticast(destination)) return 'ndp-malformed'
    const ours = iface.find(target)
    if (ours === undefined) neighbours().advertised(target, link ?? undefined, isSolicited, isOverride)
    else if (link !== null && link !== host.mac) conflict(ours, link)
    return undefined
  }

  return {
    input: (from, source, destination, hopLimit, message) => {
      const isWellFormed = hopLimit === NDP_HOP_LIMIT && message[1] === 0 && message.length >= LEAST_NDP
      if (!isWellFormed) return 'ndp-malformed'
      const target = intern.v6(message, TARGET)
      if (message[0] === SOLICITATION) return solicited(from, source, destination, target, message)
      return advertised(destination, target, message)
    },
    ask: (neighbour, everybody) => {
      const source = iface.source(neighbour.ip)
      if (source === undefined) return
      if (everybody) {
        solicit(source, neighbour.ip)
        return
      }
      const { ip } = neighbour
      const packet = writeNdp(SOLICITATION, source, ip, 0, ip, SOURCE_LINK_ADDRESS, host.mac)
      host.emit(neighbour.mac, ETHERTYPE_IPV6, packet)
    },
    added: (address) => {
      address.askAt = between(host.random, host.now, host.now + MOST_DELAY)
      address.tentativeUntil = address.askAt + RETRANSMIT
      earliest = Math.min(earliest, address.askAt)
    },
    deadline: () => earliest,
    tick: () => {
      if (host.now < earliest) return
      earliest = Infinity
      for (const address of iface.own()) {
        if (address.askAt <= host.now) {
          address.askAt = Infinity
          solicit(ANY_V6, address.ip)
        } else if (address.askAt < earliest) earliest = address.askAt
      }
    },
  }
}

type Refused = StackDropReason | undefined
const MOST_DELAY: Millis = 1_000
const RETRANSMIT: Millis = 1_000
const DEFEND_INTERVAL: Millis = 10_000
