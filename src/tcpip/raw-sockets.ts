import { isMulticast, isUnspecified } from './address.ts'
import type { Host } from './host.ts'
import type { Interface } from './interface.ts'
import type { Interning } from './interning.ts'
import { DEFAULT_TTL, flowOf, type IpSender, MOST_V4_PAYLOAD, MOST_V6_PAYLOAD } from './ip-sender.ts'
import { IPV4_HEADER, ihlOf } from './ipv4.ts'
import { IPV6_HEADER } from './ipv6.ts'
import type { Received } from './received.ts'
import type { SocketErrorCode, SocketId, StackCall, UdpOptions } from './stack-io.ts'

type Call<C extends StackCall['call']> = Extract<StackCall, { readonly call: C }>

/** Sockets beside the transports: each sees a copy of every packet of its protocol, and writes packets of its own. */
export interface RawSockets {
  readonly open: (call: Call<'open-raw'>) => void
  readonly send: (call: Call<'send-raw'>) => void
  readonly configure: (id: SocketId, options: UdpOptions) => void
  readonly close: (id: SocketId) => void
  readonly owns: (id: SocketId) => boolean
  /** A whole packet whose header was checked. True if somebody saw it. */
  readonly show: (received: Received) => boolean
}

interface RawSocket {
  readonly id: SocketId
  readonly family: 4 | 6
  readonly protocol: number
  readonly headerIncluded: boolean
  options: UdpOptions
}

export const rawSockets = (host: Host, ip: IpSender, iface: Interface, intern: Interning): RawSockets => {
  const byId = new Map<SocketId, RawSocket>()

  const open = (call: Call<'open-raw'>): SocketErrorCode | undefined => {
    const { id, family, protocol, headerIncluded = false } = call
    if (!Number.isInteger(protocol) || protocol < 0 || protocol > 255 || byId.has(id)) return 'EINVAL'
    if (byId.size >= MOST_SOCKETS) return 'ENOBUFS'
    byId.set(id, { id, family, protocol, headerIncluded, options: {} })
    host.out({ _tag: 'Opened', id, local: { address: family === 4 ? '0.0.0.0' : '::', port: 0 } })
    return undefined
  }

  const send = ({ family, protocol, headerIncluded, options }: RawSocket, call: Call<'send-raw'>) => {
    const remote = intern.text(call.to)
    if (remote === undefined || remote.family !== family || isUnspecified(remote)) return 'EINVAL'
    if (options.broadcast !== true && iface.isBroadcast(remote)) return 'EACCES'
    const local = ip.source(remote)
    if (typeof local === 'string') return local
    const isGroup = isMulticast(remote)
    const ttl = isGroup ? (options.multicastTtl ?? 1) : (options.ttl ?? DEFAULT_TTL)
    const flow = flowOf(local, remote, protocol, ttl, options.tos ?? 0)
    const { data } = call
    const header = family === 4 ? IPV4_HEADER : IPV6_HEADER
    if (headerIncluded) return isPacket(data, family) ? ip.sendWhole(flow, data) : 'EINVAL'
    if (data.length > (family === 4 ? MOST_V4_PAYLOAD : MOST_V6_PAYLOAD)) return 'EMSGSIZE'
    if (options.dontFragment === true && header + data.length > ip.mtu(flow)) return 'EMSGSIZE'
    const area = ip.allocate(flow, data.length)
    area.set(data)
    const alsoHere = isGroup ? options.multicastLoop !== false : iface.isBroadcast(remote)
    return alsoHere ? ip.sendAlsoHere(flow, area) : ip.send(flow, area)
  }

  return {
    open: (call) => {
      const code = open(call)
      if (code !== undefined) host.out({ _tag: 'Failed', id: call.id, code })
    },
    send: (call) => {
      const socket = byId.get(call.id)
      const code = socket === undefined ? undefined : send(socket, call)
      if (code !== undefined) host.out({ _tag: 'SoftError', id: call.id, code })
    },
    configure: (id, options) => {
      const socket = byId.get(id)
      if (socket !== undefined) socket.options = { ...socket.options, ...options }
    },
    close: (id) => {
      if (byId.delete(id)) host.out({ _tag: 'Closed', id })
    },
    owns: (id) => byId.has(id),
    show: ({ packet, at, source, destination, protocol, ttl, from }) => {
      if (byId.size === 0) return false
      let isSeen = false
      for (const socket of byId.values()) {
        if (socket.family !== destination.family || socket.protocol !== protocol) continue
        isSeen = true
        // transports answer in place, so every socket has bytes of its own
        const copy = packet.slice()
        const ends = { from: source.text, to: destination.text, mac: from }
        host.out({ _tag: 'Packet', id: socket.id, packet: copy, payloadAt: at, protocol, ttl, ...ends })
      }
      return isSeen
    },
  }
}

/** Long enough for its own header, of this version. */
const isPacket = (data: Uint8Array, family: 4 | 6): boolean => {
  if (data.length > 0xffff || (data[0] ?? 0) >>> 4 !== family) return false
  if (family === 6) return data.length >= IPV6_HEADER
  return ihlOf(data) >= IPV4_HEADER && ihlOf(data) <= data.length
}

const MOST_SOCKETS = 1024
