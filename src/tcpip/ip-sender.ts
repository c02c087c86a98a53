import { readU32, writeU16 } from '../protocol/kernel/codec.ts'
import { type Mac, mac } from '../protocol/kernel/id.ts'
import { BROADCAST_MAC, groupMac, isMulticast } from './address.ts'
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from './ethernet.ts'
import type { Host } from './host.ts'
import type { Interface } from './interface.ts'
import type { Interning } from './interning.ts'
import { fragmentIpv4, fragmentIpv6 } from './ip-fragments.ts'
import type { Flow, Ip, IpOutput } from './ip-output.ts'
import {
  completeIpv4,
  DESTINATION_V4,
  DONT_FRAGMENT,
  IPV4_HEADER,
  identifyIpv4,
  SOURCE_V4,
  TCP,
  UDP,
  writeIpv4,
} from './ipv4.ts'
import { DESTINATION_V6, IPV6_HEADER, payloadLengthOf, SOURCE_V6, writeIpv6 } from './ipv6.ts'
import type { Neighbour } from './neighbour.ts'
import type { NeighbourCache } from './neighbour-cache.ts'
import { packetSlab } from './packet-slab.ts'
import { pathMtuCache } from './path-mtu.ts'
import { wordsOf } from './port.ts'
import type { SipHash } from './siphash.ts'
import type { SocketErrorCode } from './stack-io.ts'

/** IP output of one stack: what transports see of it, and what the stack itself needs. */
export interface IpSender extends IpOutput {
  /** As `send`; a copy also goes to this host (RFC 1112 §6.1). For groups and broadcast. */
  readonly sendAlsoHere: (flow: Flow, area: Uint8Array) => SocketErrorCode | undefined
  /** A packet that brings its own header (RFC 1122 §3.4): what is zero of length, identification, checksum is filled in. */
  readonly sendWhole: (flow: Flow, packet: Uint8Array) => SocketErrorCode | undefined
  /** A packet that waited until its neighbour was known; it may still have to be cut. */
  readonly transmit: (packet: Uint8Array, to: Neighbour) => void
  /** Whether the next hop of `flow` is the host with this MAC. */
  readonly leadsTo: (flow: Flow, to: Mac) => boolean
  /** The next packet that this host sent to itself. */
  readonly nextLooped: () => Uint8Array | undefined
  readonly hasLooped: () => boolean
  /** Addresses, routes or neighbours changed: what flows remember is looked up again. */
  readonly changed: () => void
  readonly deadline: () => number
  readonly tick: () => void
}

export const flowOf = (local: Ip, remote: Ip, protocol: number, ttl = DEFAULT_TTL, tos = 0): Flow => ({
  local,
  remote,
  protocol,
  ttl,
  tos,
  cache: undefined,
})

/** What a flow remembers of its way, good for as long as the generation is the same. */
interface Path {
  readonly generation: number
  readonly way: 'Here' | 'Group' | 'Neighbour'
  /** Of the group. */
  readonly mac: Mac
  readonly hop: Ip
  neighbour: Neighbour | undefined
  readonly mtu: number
  readonly label: number
}

export const ipSender = (
  host: Host,
  iface: Interface,
  intern: Interning,
  neighbours: () => NeighbourCache,
  hash: SipHash,
): IpSender => {
  const pathMtu = pathMtuCache()
  const slab = packetSlab()
  const counters = new Uint32Array(COUNTERS)
  let generation = 1
  let looped: Uint8Array[] = []
  let loopedAt = 0

  /** Identifications count up from a secret start for each pair of hosts and protocol (RFC 7739 §5.3). */
  const identification = (packet: Uint8Array): number => {
    const isV4 = packet[0]! >>> 4 === 4
    const words = isV4 ? [readU32(packet, SOURCE_V4), readU32(packet, DESTINATION_V4), packet[9]!] : []
    if (!isV4) for (let at = SOURCE_V6; at < IPV6_HEADER; at += 4) words.push(readU32(packet, at))
    const start = hash(...words)
    const counter = start % COUNTERS
    counters[counter] = counters[counter]! + 1
    return (start + counters[counter]!) >>> 0
  }
  /** 20 bits of the flow's five-tuple, never zero (RFC 6437 §3). */
  const labelOf = (flow: Flow, area: Uint8Array): number => {
    const hasPorts = flow.protocol === TCP || flow.protocol === UDP
    const ports = hasPorts && area.length >= 4 ? readU32(area, 0) : 0
    return (hash(...wordsOf(flow.local), ...wordsOf(flow.remote), flow.protocol, ports) & 0xf_ffff) | 1
  }

  const find = (flow: Flow, area: Uint8Array | undefined): Path | SocketErrorCode => {
    const { remote } = flow
    if (iface.mtu() === 0) return 'ENETDOWN'
    const label = remote.family === 6 && area !== undefined ? labelOf(flow, area) : 0
    const path = (way: Path['way'], mac: Mac, hop: Ip, mtu: number): Path => ({
      generation,
      way,
      mac,
      hop,
      neighbour: undefined,
      mtu,
      label,
    })
    if (iface.isLocal(remote)) return path('Here', NO_MAC, remote, LOOPBACK_MTU)
    if (isMulticast(remote)) return path('Group', groupMac(remote), remote, iface.mtu())
    if (iface.isBroadcast(remote)) return path('Group', BROADCAST_MAC, remote, iface.mtu())
    const hop = iface.nextHop(remote)
    if (hop === undefined) return 'ENETUNREACH'
    return path('Neighbour', NO_MAC, hop, Math.min(iface.mtu(), pathMtu.find(remote, host.now) ?? Infinity))
  }
  const pathOf = (flow: Flow, area: Uint8Array | undefined): Path | SocketErrorCode => {
    const known = flow.cache as Path | undefined
    if (known !== undefined && known.generation === generation && (known.label !== 0 || flow.local.family === 4)) {
      return known
    }
    const path = find(flow, area)
    // the label of an IPv6 flow is known once there is a packet with ports
    if (typeof path !== 'string' && (area !== undefined || flow.local.family === 4)) flow.cache = path
    return path
  }

  const cut = (packet: Uint8Array, mtu: number): readonly Uint8Array[] =>
    packet[0]! >>> 4 === 4 ? fragmentIpv4(packet, mtu) : fragmentIpv6(packet, mtu, identification(packet))
  const emit = (to: Mac, family: 4 | 6, packet: Uint8Array, mtu: number): void => {
    const etherType = family === 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6
    if (packet.length <= mtu) host.emit(to, etherType, packet)
    else for (const piece of cut(packet, mtu)) host.emit(to, etherType, piece)
  }

  const loop = (packet: Uint8Array): void => {
    if (looped.length - loopedAt >= MOST_LOOPED) host.drop('loop-queue')
    else looped.push(packet)
  }
  const dispatch = (path: Path, packet: Uint8Array): void => {
    if (path.way === 'Here') {
      if (packet.length <= path.mtu) loop(packet)
      else for (const piece of cut(packet, path.mtu)) loop(piece)
      return
    }
    if (path.way === 'Group') {
      emit(path.mac, path.hop.family, packet, path.mtu)
      return
    }
    let neighbour = path.neighbour
    if (neighbour === undefined || neighbour.state === 'Gone') {
      neighbour = neighbours().towards(path.hop)
      path.neighbour = neighbour
    }
    if (neighbour.state === 'Reachable' && host.now < neighbour.deadline) {
      host.statistics.resolved(path.hop.family)
      emit(neighbour.mac, path.hop.family, packet, path.mtu)
    } else neighbours().send(neighbour, packet)
  }

  const send = (flow: Flow, area: Uint8Array, alsoHere: boolean): SocketErrorCode | undefined => {
    const path = pathOf(flow, area)
    if (typeof path === 'string') return path
    const isV4 = flow.local.family === 4
    const header = isV4 ? IPV4_HEADER : IPV6_HEADER
    const packet = new Uint8Array(area.buffer, area.byteOffset - header, header + area.length)
    const fits = packet.length <= path.mtu
    if (packet.length > header + (isV4 ? MOST_V4_PAYLOAD : MOST_V6_PAYLOAD)) return 'EMSGSIZE'
    if (!fits && flow.protocol === TCP) return 'EMSGSIZE'
    if (isV4) {
      const field = fits ? DONT_FRAGMENT : 0
      writeIpv4(packet, flow.tos, 0, field, flow.ttl, flow.protocol, flow.local.bytes, flow.remote.bytes)
      if (!fits) identifyIpv4(packet, identification(packet) & 0xffff)
    } else {
      writeIpv6(packet, flow.tos, path.label, flow.protocol, flow.ttl, flow.local.bytes, flow.remote.bytes)
    }
    if (alsoHere) loop(packet.slice())
    dispatch(path, packet)
    return undefined
  }

  const sendWhole = (flow: Flow, given: Uint8Array): SocketErrorCode | undefined => {
    const path = pathOf(flow, undefined)
    if (typeof path === 'string') return path
    if (given.length > path.mtu) return 'EMSGSIZE'
    const isV4 = flow.local.family === 4
    const header = isV4 ? IPV4_HEADER : IPV6_HEADER
    const area = slab.cut(header, given.length - header)
    const packet = new Uint8Array(area.buffer, area.byteOffset - header, given.length)
    packet.set(given)
    if (isV4) completeIpv4(packet, identification(packet) & 0xffff)
    else if (payloadLengthOf(packet) === 0) writeU16(packet, 4, packet.length - IPV6_HEADER)
    dispatch(path, packet)
    return undefined
  }

  return {
    sendWhole,
    allocate: (flow, length) => slab.cut(flow.local.family === 4 ? IPV4_HEADER : IPV6_HEADER, length),
    send: (flow, area) => send(flow, area, false),
    sendAlsoHere: (flow, area) => send(flow, area, true),
    mtu: (flow) => {
      const path = pathOf(flow, undefined)
      return typeof path === 'string' ? iface.mtu() : path.mtu
    },
    lowerMtu: (flow, reported) => {
      const path = pathOf(flow, undefined)
      if (typeof path === 'string' || path.way !== 'Neighbour') return
      if (pathMtu.report(flow.remote, path.mtu, reported, host.now) !== undefined) generation++
    },
    confirm: (flow) => {
      const neighbour = (flow.cache as Path | undefined)?.neighbour
      if (neighbour !== undefined) neighbours().confirm(neighbour)
    },
    doubt: (flow) => {
      const neighbour = (flow.cache as Path | undefined)?.neighbour
      if (neighbour !== undefined) neighbours().doubt(neighbour)
    },
    waits: (flow) => ((flow.cache as Path | undefined)?.neighbour?.waiting.length ?? 0) > 0,
    source: (remote) => {
      if (iface.mtu() === 0) return 'ENETDOWN'
      const isReached = iface.isLocal(remote) || isMulticast(remote) || iface.isBroadcast(remote)
      if (!isReached && iface.nextHop(remote) === undefined) return 'ENETUNREACH'
      return iface.source(remote) ?? 'EADDRNOTAVAIL'
    },
    address: intern.text,
    isLocal: iface.isLocal,
    isGroup: (ip) => isMulticast(ip) || iface.isBroadcast(ip),
    transmit: (packet, to) => {
      const { family } = to.ip
      const remote = family === 4 ? intern.v4(packet, DESTINATION_V4) : intern.v6(packet, DESTINATION_V6)
      emit(to.mac, family, packet, Math.min(iface.mtu(), pathMtu.find(remote, host.now) ?? Infinity))
    },
    leadsTo: (flow, to) => (flow.cache as Path | undefined)?.neighbour?.mac === to,
    nextLooped: () => {
      const packet = looped[loopedAt]
      if (packet === undefined) return undefined
      if (++loopedAt === looped.length) {
        looped = []
        loopedAt = 0
      }
      return packet
    },
    hasLooped: () => looped.length > 0,
    changed: () => {
      generation++
    },
    deadline: pathMtu.deadline,
    tick: () => {
      if (pathMtu.tick(host.now)) generation++
    },
  }
}

export const DEFAULT_TTL = 64
export const LOOPBACK_MTU = 65_535
export const MOST_V4_PAYLOAD = 65_515
export const MOST_V6_PAYLOAD = 65_535
const MOST_LOOPED = 4096
const COUNTERS = 1024
const NO_MAC = mac(0)
