import { readU16, writeU16 } from '../protocol/kernel/codec.ts'
import { checksumOf, pseudoHeaderSum, sum } from './checksum.ts'
import type { Host } from './host.ts'
import { ECHO_V4, ECHO_V6, ICMP_HEADER, writeIcmp } from './icmp.ts'
import type { Interning } from './interning.ts'
import type { Flow, Ip } from './ip-output.ts'
import { DEFAULT_TTL, flowOf, type IpSender } from './ip-sender.ts'
import { ICMP } from './ipv4.ts'
import { ICMPV6 } from './ipv6.ts'
import type { SocketErrorCode, SocketId, StackCall, StackDropReason } from './stack-io.ts'

/** The sockets that send echo requests. Their "port" is the identifier, which the stack chooses. */
export interface Echoes {
  readonly request: (call: Extract<StackCall, { readonly call: 'echo' }>) => void
  readonly owns: (id: SocketId) => boolean
  readonly close: (id: SocketId) => void
  /** A checked echo reply; why nobody wants it, or `undefined`. */
  readonly replied: (from: Ip, ttl: number, message: Uint8Array) => StackDropReason | undefined
  /** A request of ours, quoted, did not arrive. */
  readonly failed: (remote: Ip, quoted: Uint8Array, code: SocketErrorCode) => void
  /** Sources are to be chosen anew. */
  readonly addressesChanged: () => void
}

interface EchoSocket {
  readonly id: SocketId
  readonly identifier: number
  flow: Flow | undefined
}

export const echoes = (host: Host, ip: IpSender, intern: Interning): Echoes => {
  const byId = new Map<SocketId, EchoSocket>()
  const byIdentifier = new Map<number, EchoSocket>()

  const open = (id: SocketId): EchoSocket | undefined => {
    const known = byId.get(id)
    if (known !== undefined) return known
    if (byId.size >= MOST_SOCKETS) return undefined
    let identifier = readU16(host.random(2), 0)
    while (byIdentifier.has(identifier)) identifier = (identifier + 1) & 0xffff
    const socket: EchoSocket = { id, identifier, flow: undefined }
    byId.set(id, socket)
    byIdentifier.set(identifier, socket)
    return socket
  }
  const request = (call: Extract<StackCall, { readonly call: 'echo' }>): SocketErrorCode | undefined => {
    const { id, seq, size } = call
    const remote = intern.text(call.to)
    if (remote === undefined || seq < 0 || seq > 0xffff || size < 0) return 'EINVAL'
    if (size > MOST_DATA) return 'EMSGSIZE'
    const socket = open(id)
    if (socket === undefined) return 'ENOBUFS'
    if (socket.flow?.remote.text !== remote.text) {
      const local = ip.source(remote)
      if (typeof local === 'string') return local
      socket.flow = flowOf(local, remote, remote.family === 4 ? ICMP : ICMPV6)
    }
    const { flow } = socket
    flow.ttl = call.ttl ?? DEFAULT_TTL
    const area = ip.allocate(flow, ICMP_HEADER + size)
    writeIcmp(area, remote.family === 4 ? ECHO_V4 : ECHO_V6, 0, socket.identifier * 0x1_0000 + seq)
    for (let i = 0; i < size; i++) area[ICMP_HEADER + i] = i
    const pseudo = remote.family === 4 ? 0 : pseudoHeaderSum(flow.local.bytes, remote.bytes, ICMPV6, ICMP_HEADER + size)
    writeU16(area, 2, checksumOf(pseudo + sum(area)))
    return ip.send(flow, area)
  }

  return {
    request: (call) => {
      const code = request(call)
      if (code !== undefined) host.out({ _tag: 'EchoFailed', id: call.id, seq: call.seq, code })
    },
    owns: (id) => byId.has(id),
    close: (id) => {
      const socket = byId.get(id)
      if (socket === undefined) return
      byId.delete(id)
      byIdentifier.delete(socket.identifier)
      host.out({ _tag: 'Closed', id })
    },
    replied: (from, ttl, message) => {
      const socket = byIdentifier.get(readU16(message, 4))
      if (socket === undefined) return 'icmp-ignored'
      const bytes = message.length - ICMP_HEADER
      host.out({ _tag: 'Echo', id: socket.id, seq: readU16(message, 6), from: from.text, ttl, bytes })
      return undefined
    },
    failed: (remote, quoted, code) => {
      const isRequest = quoted[0] === (remote.family === 4 ? ECHO_V4 : ECHO_V6)
      const socket = isRequest ? byIdentifier.get(readU16(quoted, 4)) : undefined
      if (socket === undefined) return
      host.out({ _tag: 'EchoFailed', id: socket.id, seq: readU16(quoted, 6), code })
    },
    addressesChanged: () => {
      for (const socket of byId.values()) socket.flow = undefined
    },
  }
}

/** What fits in the largest IPv4 packet. */
const MOST_DATA = 65_507
const MOST_SOCKETS = 1024
