import type { Observable } from 'rxjs'
import { type IpAddress, parseIp } from '../protocol/kernel/ip.ts'
import { SocketError, type ZtError } from '../streams/error.ts'
import type { NetworkCore } from '../streams/network-core.ts'
import { checkOptions, isRecord, type OptionRules, refuse, whole, yesOrNo } from '../streams/option.ts'
import type { NodeId } from '../streams/public-id.ts'
import type { SocketId, SocketNews, SocketSink } from '../streams/sockets.ts'
import type { StackCall, UdpOptions } from '../tcpip/stack-io.ts'
import { asIp, asPort, type SocketAddress, socketAddress } from './address.ts'
import { type Bytes, toBytes } from './bytes.ts'
import { DatagramInbox } from './datagram-inbox.ts'
import { SocketLife } from './socket-life.ts'

export interface Datagram {
  readonly data: Uint8Array
  readonly from: SocketAddress
  readonly to: SocketAddress
  /** The node that sent it; `undefined` behind a bridge or gateway. */
  readonly peer?: NodeId
}

export interface UdpSettings {
  /** May send to broadcast addresses (default false: EACCES). */
  readonly broadcast?: boolean
  readonly ttl?: number
  readonly multicastTtl?: number
  /** Own multicast datagrams come back to own members (default true). */
  readonly multicastLoop?: boolean
  /**
   * Never cut a datagram into fragments (default false): one that does not fit the path is refused with `EMSGSIZE`. If
   * the socket is connected, the next `send` also tells when a smaller path was found on the way.
   */
  readonly dontFragment?: boolean
  /** The traffic class of what is sent: DSCP and ECN bits, 0 to 255, default 0. */
  readonly trafficClass?: number
}

export interface UdpSocket extends AsyncIterable<Datagram>, AsyncDisposable {
  readonly local: SocketAddress
  /** Each datagram as it arrives, with no queue in between; iteration has its own queue. */
  readonly messages$: Observable<Datagram>
  /** Datagrams that came while the iteration queue was full: the oldest made room. */
  readonly dropped: number
  /**
   * Resolves once the datagram was handed to the interface; nothing says that it arrived.
   * @throws {SocketError} `EMSGSIZE`, `EHOSTUNREACH`, `ENETUNREACH`, `EACCES` (broadcast), `ECONNREFUSED` if connected.
   */
  send(data: Bytes, to?: { readonly host: string; readonly port: number }): Promise<void>
  /** Fixes the other end: `send` needs no address, others are not heard, ICMP errors come back by `send`. */
  connect(to: { readonly host: string; readonly port: number }): void
  joinGroup(group: IpAddress): void
  leaveGroup(group: IpAddress): void
  configure(options: UdpSettings): void
  close(): Promise<void>
}

export class VirtualUdpSocket implements UdpSocket, SocketSink {
  readonly local: SocketAddress
  readonly messages$: Observable<Datagram>
  readonly #network: NetworkCore
  readonly #id: SocketId
  readonly #inbox: DatagramInbox<Datagram>
  readonly #life: SocketLife
  readonly #groups = new Set<IpAddress>()
  #connected = false
  #pending: SocketError | undefined

  constructor(network: NetworkCore, id: SocketId, local: SocketAddress, maxQueue: number) {
    this.#network = network
    this.#id = id
    this.#inbox = new DatagramInbox(maxQueue, () => network.dropped('udp-queue'))
    this.local = local
    this.messages$ = this.#inbox.item$
    this.#life = new SocketLife(network, id, (reason) => this.#inbox.end(reason))
    network.sockets.add(id, this)
  }

  get dropped(): number {
    return this.#inbox.dropped
  }

  async send(data: Bytes, to?: { readonly host: string; readonly port: number }): Promise<void> {
    const bytes = toBytes(data)
    const target = to === undefined ? undefined : remote(to)
    this.#life.check('send', this.local)
    if (target === undefined && !this.#connected)
      throw new SocketError('EDESTADDRREQ', 'send', undefined, 'name a host and port, or connect the socket first')
    // an error that came in after the last call is told now, once, as sockets do
    this.#throwPending()
    this.#network.call({ call: 'send', id: this.#id, data: bytes, ...(target === undefined ? {} : { to: target }) })
    if (this.#network.settled !== undefined) await this.#network.settled()
    this.#throwPending()
  }

  connect(to: { readonly host: string; readonly port: number }): void {
    this.#life.check('connect', this.local)
    this.#network.call({ call: 'associate', id: this.#id, remote: remote(to) })
    this.#connected = true
  }

  joinGroup(group: IpAddress): void {
    const address = asIp('group', group)
    this.#life.check('joinGroup', this.local)
    if (!isMulticastText(address)) throw new SocketError('EINVAL', 'joinGroup', { address })
    this.#told('joinGroup', { call: 'join-group', id: this.#id, group: address })
    this.#groups.add(address)
  }

  leaveGroup(group: IpAddress): void {
    const address = asIp('group', group)
    this.#life.check('leaveGroup', this.local)
    if (!this.#groups.delete(address)) throw new SocketError('EADDRNOTAVAIL', 'leaveGroup', { address })
    this.#told('leaveGroup', { call: 'leave-group', id: this.#id, group: address })
  }

  configure(options: UdpSettings): void {
    checkOptions('configure()', options, udpRules)
    this.#life.check('configure', this.local)
    this.#network.call({ call: 'configure', id: this.#id, options: udpOptions(options) })
  }

  close(): Promise<void> {
    return this.#life.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  [Symbol.asyncIterator](): AsyncIterator<Datagram> {
    return this.#inbox.iterator(() => this.close())
  }

  whenClosed(then: () => void): void {
    this.#life.whenEnded(then)
  }

  news(news: SocketNews): void {
    switch (news._tag) {
      case 'Datagram':
        this.#received(news)
        return
      case 'SoftError':
        this.#pending = new SocketError(news.code, 'send', this.local)
        return
      case 'Failed':
        this.#life.end(new SocketError(news.code, 'bind', this.local))
        return
      case 'Closed':
        this.#life.end()
    }
  }

  gone(reason: ZtError): void {
    this.#life.end(reason)
  }

  #received({ data, from, to, mac }: Extract<SocketNews, { _tag: 'Datagram' }>): void {
    const peer = this.#network.nodeOf(mac)
    this.#inbox.put({
      data,
      from: socketAddress(from),
      to: socketAddress(to),
      ...(peer === undefined ? {} : { peer }),
    })
  }

  /** A call that answers at once, if it fails: not with what an earlier `send` has met. */
  #told(syscall: string, call: StackCall): void {
    const earlier = this.#takePending()
    this.#network.call(call)
    const failed = this.#takePending()
    this.#pending = earlier
    if (failed !== undefined) throw new SocketError(failed.code, syscall, this.local)
  }

  #takePending(): SocketError | undefined {
    const pending = this.#pending
    this.#pending = undefined
    return pending
  }

  #throwPending(): void {
    const pending = this.#takePending()
    if (pending !== undefined) throw pending
  }
}

const remote = (to: { readonly host: string; readonly port: number }) => {
  if (!isRecord(to)) return refuse('destination', to, 'pass { host, port }')
  return { address: asIp('host', to.host), port: asPort('port', to.port, 1) }
}

/** 224.0.0.0/4 or ff00::/8, of an address in canonical form. */
const isMulticastText = (address: IpAddress): boolean => {
  const first = parseIp(address)![0]!
  return address.includes(':') ? first === 0xff : first >>> 4 === 14
}

export const udpRules: OptionRules<UdpSettings> = {
  broadcast: yesOrNo,
  ttl: whole(1, 255),
  multicastTtl: whole(0, 255),
  multicastLoop: yesOrNo,
  dontFragment: yesOrNo,
  trafficClass: whole(0, 255),
}

export const udpOptions = (o: UdpSettings): UdpOptions => ({
  ...(o.broadcast === undefined ? {} : { broadcast: o.broadcast }),
  ...(o.ttl === undefined ? {} : { ttl: o.ttl }),
  ...(o.multicastTtl === undefined ? {} : { multicastTtl: o.multicastTtl }),
  ...(o.multicastLoop === undefined ? {} : { multicastLoop: o.multicastLoop }),
  ...(o.dontFragment === undefined ? {} : { dontFragment: o.dontFragment }),
  ...(o.trafficClass === undefined ? {} : { tos: o.trafficClass }),
})
