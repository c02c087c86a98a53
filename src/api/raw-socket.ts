import type { Observable } from 'rxjs'
import type { IpAddress } from '../protocol/kernel/ip.ts'
import { SocketError, type ZtError } from '../streams/error.ts'
import type { NetworkCore } from '../streams/network-core.ts'
import { checkOptions, type OptionRules, whole, yesOrNo } from '../streams/option.ts'
import type { NodeId } from '../streams/public-id.ts'
import type { SocketId, SocketNews, SocketSink } from '../streams/sockets.ts'
import { asIp } from './address.ts'
import { toBytes } from './bytes.ts'
import { DatagramInbox } from './datagram-inbox.ts'
import { SocketLife } from './socket-life.ts'
import { type UdpSettings, udpOptions, udpRules } from './udp-socket.ts'
import { type WaitOptions, waitRules } from './wait.ts'

export interface RawOptions extends WaitOptions {
  /** The IP protocol, 0 to 255: 1 is ICMP, 58 ICMPv6, 47 GRE … */
  readonly protocol: number
  /** Default 4. */
  readonly family?: 4 | 6
  /** What is sent brings its own IP header (default false); length, identification and checksum are filled in where zero. */
  readonly headerIncluded?: boolean
  /** Packets that may wait for iteration, default 1024; the oldest makes room. */
  readonly maxQueue?: number
}
export const rawRules: OptionRules<RawOptions> = {
  ...waitRules,
  protocol: whole(0, 255),
  family: { is: (x) => x === 4 || x === 6, cure: 'use 4 or 6' },
  headerIncluded: yesOrNo,
  maxQueue: whole(1, 1_048_576),
}

export interface RawPacket {
  /** What follows the IP header and its extensions. */
  readonly data: Uint8Array
  /** All of it, whole after reassembly. */
  readonly packet: Uint8Array
  readonly protocol: number
  /** Hops left. */
  readonly ttl: number
  readonly from: IpAddress
  readonly to: IpAddress
  /** The node that sent it; `undefined` behind a bridge or gateway. */
  readonly peer?: NodeId
}

/** Sees a copy of every packet of one IP protocol, beside whoever handles it, and sends packets of its own. */
export interface RawSocket extends AsyncIterable<RawPacket>, AsyncDisposable {
  readonly protocol: number
  readonly family: 4 | 6
  /** Each packet as it arrives, with no queue in between; iteration has its own queue. */
  readonly packets$: Observable<RawPacket>
  /** Packets that came while the iteration queue was full: the oldest made room. */
  readonly dropped: number
  /**
   * Resolves once the packet was handed to the interface.
   * @throws {SocketError} `EMSGSIZE`, `ENETUNREACH`, `EACCES` (broadcast), `EINVAL` (no packet, or another family)
   */
  send(data: Uint8Array, to: IpAddress): Promise<void>
  configure(options: UdpSettings): void
  close(): Promise<void>
}

export class VirtualRawSocket implements RawSocket, SocketSink {
  readonly protocol: number
  readonly family: 4 | 6
  readonly packets$: Observable<RawPacket>
  readonly #network: NetworkCore
  readonly #id: SocketId
  readonly #inbox: DatagramInbox<RawPacket>
  readonly #life: SocketLife
  #refused: SocketError | undefined

  constructor(network: NetworkCore, id: SocketId, { protocol, family }: Ends, maxQueue: number) {
    this.#network = network
    this.#id = id
    this.protocol = protocol
    this.family = family
    this.#inbox = new DatagramInbox(maxQueue, () => network.dropped('udp-queue'))
    this.packets$ = this.#inbox.item$
    this.#life = new SocketLife(network, id, (reason) => this.#inbox.end(reason))
    network.sockets.add(id, this)
  }

  get dropped(): number {
    return this.#inbox.dropped
  }

  async send(data: Uint8Array, to: IpAddress): Promise<void> {
    const bytes = toBytes(data)
    const target = asIp('to', to)
    this.#life.check('send')
    this.#refused = undefined
    this.#network.call({ call: 'send-raw', id: this.#id, to: target, data: bytes })
    if (this.#network.settled !== undefined) await this.#network.settled()
    const refused = this.#refused as SocketError | undefined
    if (refused !== undefined) throw refused
  }

  configure(options: UdpSettings): void {
    checkOptions('configure()', options, udpRules)
    this.#life.check('configure')
    this.#network.call({ call: 'configure', id: this.#id, options: udpOptions(options) })
  }

  close(): Promise<void> {
    return this.#life.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
  [Symbol.asyncIterator](): AsyncIterator<RawPacket> {
    return this.#inbox.iterator(() => this.close())
  }

  whenClosed(then: () => void): void {
    this.#life.whenEnded(then)
  }

  news(news: SocketNews): void {
    if (news._tag === 'Packet') {
      const { packet, payloadAt, protocol, ttl, from, to, mac } = news
      const peer = this.#network.nodeOf(mac)
      const data = packet.subarray(payloadAt)
      this.#inbox.put({ data, packet, protocol, ttl, from, to, ...(peer === undefined ? {} : { peer }) })
    } else if (news._tag === 'SoftError') this.#refused = new SocketError(news.code, 'send')
    else if (news._tag === 'Failed') this.#life.end(new SocketError(news.code, 'raw'))
  }

  gone(reason: ZtError): void {
    this.#life.end(reason)
  }
}

interface Ends {
  readonly protocol: number
  readonly family: 4 | 6
}
