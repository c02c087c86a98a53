import type { NetworkCore } from '../../../streams/network-core.ts'
import type { SocketId, SocketNews, SocketSink } from '../../../streams/sockets.ts'
import type { SocketErrorCode, StackCall, UdpOptions } from '../../../tcpip/stack-io.ts'
import { type Errno, errnoOf } from '../errno.ts'
import type { SysResult } from './perform.ts'
import type { Place } from './place.ts'

export interface LegOwner {
  readonly received: (leg: DatagramLeg, data: Uint8Array, from: Place, to: Place) => void
  /** An ICMP error about what was sent. */
  readonly failed: (leg: DatagramLeg, error: Errno) => void
  /** The address it was bound to is gone, or the network is. */
  readonly gone: (leg: DatagramLeg) => void
}

/** What a datagram socket is on one of the networks: a UDP socket of its stack. */
export class DatagramLeg implements SocketSink {
  readonly network: NetworkCore
  /** Of a connected one, the address it speaks from. */
  local: Place | undefined
  readonly #id: SocketId
  readonly #owner: LegOwner
  #answer: SocketErrorCode | undefined
  #asking = false

  constructor(network: NetworkCore, owner: LegOwner) {
    this.network = network
    this.#owner = owner
    this.#id = network.sockets.nextId()
    network.sockets.add(this.#id, this)
  }

  bind(place: Partial<Place> & { readonly port: number }, shared: boolean, ipv6Only: boolean): SysResult {
    return this.#ask({ call: 'bind', id: this.#id, ...place, reusePort: shared, ipv6Only })
  }
  connect(remote: Place): SysResult {
    return this.#ask({ call: 'associate', id: this.#id, remote })
  }
  disconnect(): void {
    this.local = undefined
    this.network.call({ call: 'associate', id: this.#id })
  }
  send(data: Uint8Array, to: Place | undefined): SysResult {
    return this.#ask({ call: 'send', id: this.#id, data, ...(to === undefined ? {} : { to }) }) || data.length
  }
  membership(join: boolean, group: string): SysResult {
    return this.#ask({ call: join ? 'join-group' : 'leave-group', id: this.#id, group })
  }
  configure(options: UdpOptions): void {
    this.network.call({ call: 'configure', id: this.#id, options })
  }
  close(): void {
    this.network.sockets.drop(this.#id)
    this.network.call({ call: 'close', id: this.#id })
  }

  news(news: SocketNews): void {
    switch (news._tag) {
      case 'Opened':
        this.local = news.local
        return
      case 'Datagram':
        this.#owner.received(this, news.data, news.from, news.to)
        return
      case 'SoftError':
        if (this.#asking) this.#answer = news.code
        else this.#owner.failed(this, errnoOf(news.code))
        return
      case 'Failed':
        if (this.#asking) this.#answer = news.code
        this.#owner.gone(this)
        return
      case 'Closed':
        this.#owner.gone(this)
    }
  }

  gone(): void {
    this.#owner.gone(this)
  }

  /** The stack answers before the call returns, if it has anything to say against it. */
  #ask(call: StackCall): SysResult {
    this.#answer = undefined
    this.#asking = true
    this.network.call(call)
    this.#asking = false
    const answer = this.#answer as SocketErrorCode | undefined
    return answer === undefined ? 0 : -errnoOf(answer)
  }
}
