import { readU16 } from '../protocol/kernel/codec.ts'
import type { Mac } from '../protocol/kernel/id.ts'
import { ALL_HOSTS, ALL_NODES, ANY_V6, isMulticast, isUnspecified, sameIp } from './address.ts'
import type { Host } from './host.ts'
import type { IcmpReport } from './icmp.ts'
import type { Interface } from './interface.ts'
import type { Interning } from './interning.ts'
import type { Flow, Ip } from './ip-output.ts'
import { DEFAULT_TTL, flowOf, type IpSender } from './ip-sender.ts'
import { IPV4_HEADER, UDP } from './ipv4.ts'
import { IPV6_HEADER } from './ipv6.ts'
import { groupMemberships } from './memberships.ts'
import { ephemeralPorts, wordsOf } from './port.ts'
import type { SipHash } from './siphash.ts'
import type { SocketErrorCode, SocketId, StackCall, UdpOptions } from './stack-io.ts'
import { UDP_HEADER, writeUdp } from './udp.ts'

type Call<C extends StackCall['call']> = Extract<StackCall, { readonly call: C }>

/** All UDP sockets of a stack (RFC 768, RFC 1122 §4.1). */
export interface UdpSockets {
  readonly bind: (call: Call<'bind'>) => void
  readonly associate: (call: Call<'associate'>) => void
  readonly send: (call: Call<'send'>) => void
  readonly joinOrLeave: (call: Call<'join-group' | 'leave-group'>) => void
  readonly configure: (id: SocketId, options: UdpOptions) => void
  readonly close: (id: SocketId) => void
  readonly owns: (id: SocketId) => boolean
  /** A checked datagram; false if nobody wants it. `toGroup`: multicast and broadcast go to everybody who does. */
  readonly input: (local: Ip, remote: Ip, packet: Uint8Array, at: number, toGroup: boolean, mac: Mac) => boolean
  /**
   * A datagram of ours, quoted, did not arrive. If our own neighbour cache says so (`here`), every socket that may have
   * sent it hears of it; strangers are believed by connected sockets only. False if no socket fits.
   */
  readonly failed: (local: Ip, remote: Ip, quoted: Uint8Array, report: IcmpReport, here: boolean) => boolean
  readonly joined: () => Iterable<Ip>
  /** Counts the changes of `joined`. */
  readonly joinedVersion: () => number
  readonly isJoined: (group: Ip) => boolean
  readonly addressesChanged: (removed: readonly Ip[]) => void
}

interface UdpSocket {
  readonly id: SocketId
  /** `undefined`: every address, unless `family` narrows it. */
  readonly local: Ip | undefined
  readonly family: 4 | 6 | undefined
  readonly port: number
  readonly reusePort: boolean
  remote: { readonly ip: Ip; readonly port: number } | undefined
  readonly groups: Set<string>
  options: UdpOptions
  /** One for each destination spoken to lately. */
  readonly flows: Map<string, Flow>
}

export const udpSockets = (
  host: Host,
  ip: IpSender,
  iface: Interface,
  intern: Interning,
  hash: SipHash,
): UdpSockets => {
  const byId = new Map<SocketId, UdpSocket>()
  const byPort = new Map<number, UdpSocket[]>()
  const ports = ephemeralPorts(hash)
  const groups = groupMemberships()

  const soft = (id: SocketId, code: SocketErrorCode | undefined): void => {
    if (code !== undefined) host.out({ _tag: 'SoftError', id, code })
  }
  const remove = (socket: UdpSocket): void => {
    byId.delete(socket.id)
    const others = (byPort.get(socket.port) ?? []).filter((other) => other !== socket)
    if (others.length === 0) byPort.delete(socket.port)
    else byPort.set(socket.port, others)
    for (const group of socket.groups) groups.leave(group)
  }

  const bind = (call: Call<'bind'>): SocketErrorCode | undefined => {
    const { id, address, port: wanted, reusePort = false, ipv6Only = false } = call
    const at = address === undefined ? undefined : intern.text(address)
    if ((address !== undefined && at === undefined) || wanted < 0 || wanted > 0xffff || byId.has(id)) return 'EINVAL'
    const any = at === undefined || isUnspecified(at)
    if (!any && !iface.isLocal(at) && !isMulticast(at) && !iface.isBroadcast(at)) return 'EADDRNOTAVAIL'
    if (byId.size >= MOST_SOCKETS) return 'ENOBUFS'
    const local = any ? undefined : at
    const family = at !== undefined && !sameIp(at, ANY_V6) ? at.family : ipv6Only ? 6 : undefined
    const isFree = (port: number): boolean =>
      !(byPort.get(port) ?? []).some((other) => !(reusePort && other.reusePort) && overlap(other, local, family))
    const port = wanted === 0 ? ports.pick(local, undefined, 0, isFree) : wanted
    if (port === undefined) return 'EADDRNOTAVAIL'
    if (!isFree(port)) return 'EADDRINUSE'
    const socket: UdpSocket = {
      ...{ id, local, family, port, reusePort, remote: undefined, options: {} },
      ...{ groups: new Set(), flows: new Map() },
    }
    byId.set(id, socket)
    byPort.set(port, [...(byPort.get(port) ?? []), socket])
    host.out({ _tag: 'Opened', id, local: { address: (at ?? ANY_V6).text, port } })
    return undefined
  }

  /** The flow towards `to`, with today's source address. */
  const flowTo = (socket: UdpSocket, remote: Ip): Flow | SocketErrorCode => {
    const known = socket.flows.get(remote.text)
    if (known !== undefined) return known
    if (socket.family !== undefined && socket.family !== remote.family) return 'EINVAL'
    const bound = socket.local !== undefined && iface.isLocal(socket.local) ? socket.local : undefined
    const route = ip.source(remote)
    if (typeof route === 'string') return route
    if (socket.flows.size >= MOST_FLOWS) socket.flows.clear()
    const flow = flowOf(bound ?? route, remote, UDP)
    socket.flows.set(remote.text, flow)
    return flow
  }
  const isForbidden = (socket: UdpSocket, remote: Ip): boolean =>
    socket.options.broadcast !== true && iface.isBroadcast(remote)

  const send = (socket: UdpSocket, call: Call<'send'>): SocketErrorCode | undefined => {
    const remote = call.to === undefined ? socket.remote?.ip : intern.text(call.to.address)
    const port = call.to === undefined ? (socket.remote?.port ?? 0) : call.to.port
    if (remote === undefined || isUnspecified(remote) || port < 1 || port > 0xffff) return 'EINVAL'
    if (isForbidden(socket, remote)) return 'EACCES'
    if (call.data.length > (remote.family === 4 ? MOST_DATA_V4 : MOST_DATA_V6)) return 'EMSGSIZE'
    const flow = flowTo(socket, remote)
    if (typeof flow === 'string') return flow
    const isGroup = isMulticast(remote)
    flow.ttl = isGroup ? (socket.options.multicastTtl ?? 1) : (socket.options.ttl ?? DEFAULT_TTL)
    flow.tos = socket.options.tos ?? 0
    const { length } = call.data
    const header = (remote.family === 4 ? IPV4_HEADER : IPV6_HEADER) + UDP_HEADER
    if (socket.options.dontFragment === true && header + length > ip.mtu(flow)) return 'EMSGSIZE'
    const area = ip.allocate(flow, UDP_HEADER + length)
    area.set(call.data, UDP_HEADER)
    writeUdp(area, flow.local, socket.port, remote, port)
    const alsoHere = isGroup ? socket.options.multicastLoop !== false : iface.isBroadcast(remote)
    return alsoHere ? ip.sendAlsoHere(flow, area) : ip.send(flow, area)
  }

  const associate = (socket: UdpSocket, call: Call<'associate'>): SocketErrorCode | undefined => {
    if (call.remote === undefined) {
      socket.remote = undefined
      return undefined
    }
    const remote = intern.text(call.remote.address)
    if (remote === undefined || call.remote.port < 1 || call.remote.port > 0xffff) return 'EINVAL'
    if (isForbidden(socket, remote)) return 'EACCES'
    const flow = flowTo(socket, remote)
    if (typeof flow === 'string') return flow
    socket.remote = { ip: remote, port: call.remote.port }
    const local = { address: flow.local.text, port: socket.port }
    host.out({ _tag: 'Opened', id: socket.id, local, remote: { address: remote.text, port: call.remote.port } })
    return undefined
  }

  const join = (socket: UdpSocket, group: Ip): SocketErrorCode | undefined => {
    if (socket.groups.has(group.text)) return 'EADDRINUSE'
    if (socket.groups.size >= MOST_GROUPS || !groups.join(group)) return 'ENOBUFS'
    socket.groups.add(group.text)
    return undefined
  }
  const leave = (socket: UdpSocket, group: Ip): SocketErrorCode | undefined => {
    if (!socket.groups.delete(group.text)) return 'EADDRNOTAVAIL'
    groups.leave(group.text)
    return undefined
  }

  /** How well a socket fits a datagram: connected over bound over any; 0: not at all. */
  const rank = (socket: UdpSocket, local: Ip, remote: Ip, remotePort: number): number => {
    if (socket.family !== undefined && socket.family !== local.family) return 0
    if (socket.local !== undefined && !sameIp(socket.local, local)) return 0
    if (socket.remote === undefined) return socket.local === undefined ? 1 : 2
    return socket.remote.port === remotePort && sameIp(socket.remote.ip, remote) ? 3 : 0
  }
  const wantsGroup = (socket: UdpSocket, group: Ip, remote: Ip, remotePort: number): boolean => {
    if (socket.family !== undefined && socket.family !== group.family) return false
    const { local, remote: only } = socket
    if (only !== undefined && (only.port !== remotePort || !sameIp(only.ip, remote))) return false
    if (!isMulticast(group)) {
      // a broadcast reaches those bound to it, to everything, or to the address whose prefix it belongs to
      return local === undefined || sameIp(local, group) || iface.find(local)?.broadcast?.text === group.text
    }
    if (local !== undefined && isMulticast(local) && !sameIp(local, group)) return false
    return socket.groups.has(group.text) || sameIp(group, ALL_HOSTS) || sameIp(group, ALL_NODES)
  }
  const deliver = (socket: UdpSocket, local: Ip, remote: Ip, remotePort: number, data: Uint8Array, mac: Mac): void => {
    const from = { address: remote.text, port: remotePort }
    host.out({ _tag: 'Datagram', id: socket.id, data, from, to: { address: local.text, port: socket.port }, mac })
  }

  return {
    bind: (call) => {
      const code = bind(call)
      if (code !== undefined) host.out({ _tag: 'Failed', id: call.id, code })
    },
    associate: (call) => {
      const socket = byId.get(call.id)
      if (socket !== undefined) soft(call.id, associate(socket, call))
    },
    send: (call) => {
      const socket = byId.get(call.id)
      if (socket !== undefined) soft(call.id, send(socket, call))
    },
    joinOrLeave: ({ call, id, group: text }) => {
      const socket = byId.get(id)
      if (socket === undefined) return
      const group = intern.text(text)
      if (group === undefined || !isMulticast(group)) soft(id, 'EINVAL')
      else soft(id, call === 'join-group' ? join(socket, group) : leave(socket, group))
    },
    configure: (id, options) => {
      const socket = byId.get(id)
      if (socket !== undefined) socket.options = { ...socket.options, ...options }
    },
    close: (id) => {
      const socket = byId.get(id)
      if (socket === undefined) return
      remove(socket)
      host.out({ _tag: 'Closed', id })
    },
    owns: (id) => byId.has(id),
    input: (local, remote, packet, at, toGroup, mac) => {
      const sockets = byPort.get(readU16(packet, at + 2))
      if (sockets === undefined) return false
      const remotePort = readU16(packet, at)
      const data = packet.subarray(at + UDP_HEADER, at + readU16(packet, at + 4))
      if (toGroup) {
        const wanted = sockets.filter((socket) => wantsGroup(socket, local, remote, remotePort))
        wanted.forEach((socket, i) => {
          deliver(socket, local, remote, remotePort, i === 0 ? data : data.slice(), mac)
        })
        return wanted.length > 0
      }
      let best: UdpSocket | undefined
      let bestRank = 0
      let equals = 0
      for (const socket of sockets) {
        const ranked = rank(socket, local, remote, remotePort)
        if (ranked > bestRank) {
          best = socket
          bestRank = ranked
          equals = 1
        } else if (ranked === bestRank && ranked > 0) equals++
      }
      if (equals > 1) {
        const share = sockets.filter((socket) => rank(socket, local, remote, remotePort) === bestRank)
        best = share[hash(...wordsOf(remote), remotePort) % share.length]
      }
      if (best === undefined) return false
      deliver(best, local, remote, remotePort, data, mac)
      return true
    },
    failed: (local, remote, quoted, { code, hard, mtu }, here) => {
      const remotePort = readU16(quoted, 2)
      const sockets = byPort.get(readU16(quoted, 0)) ?? []
      const known = sockets.filter((socket) => rank(socket, local, remote, remotePort) > 0)
      for (const { id, remote: connected, options } of known) {
        const matters = hard || (mtu !== undefined && options.dontFragment === true)
        if (here || (matters && connected !== undefined)) soft(id, code)
      }
      return known.length > 0
    },
    joined: groups.all,
    joinedVersion: groups.version,
    isJoined: groups.has,
    addressesChanged: (removed) => {
      for (const socket of byId.values()) {
        socket.flows.clear()
        if (socket.local === undefined || !removed.some((one) => one.text === socket.local?.text)) continue
        remove(socket)
        host.out({ _tag: 'Failed', id: socket.id, code: 'EADDRNOTAVAIL' })
      }
    },
  }
}

/** Whether a socket bound to `local` would take datagrams that `other` is bound for. */
const overlap = (other: UdpSocket, local: Ip | undefined, family: 4 | 6 | undefined): boolean => {
  if (other.family !== undefined && family !== undefined && other.family !== family) return false
  return other.local === undefined || local === undefined || sameIp(other.local, local)
}

const MOST_DATA_V4 = 65_507
const MOST_DATA_V6 = 65_527
const MOST_SOCKETS = 16_384
const MOST_FLOWS = 64
const MOST_GROUPS = 64
