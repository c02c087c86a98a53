import type { NetworkCore } from '../../../streams/network-core.ts'
import type { SocketId, SocketNews, SocketSink } from '../../../streams/sockets.ts'
import type { SocketErrorCode, UdpOptions } from '../../../tcpip/stack-io.ts'
import { errnoOf } from '../errno.ts'
import type { SysResult } from './perform.ts'

export type Packet = Extract<SocketNews, { readonly _tag: 'Packet' }>

/** What a raw socket is on one of the networks. */
export class RawLeg implements SocketSink {
  readonly network: NetworkCore
  readonly #id: SocketId
  readonly #received: (leg: RawLeg, packet: Packet) => void
  readonly #gone: (leg: RawLeg) => void
  #answer: SocketErrorCode | undefined

  constructor(network: NetworkCore, received: (leg: RawLeg, packet: Packet) => void, gone: (leg: RawLeg) => void) {
    this.network = network
    this.#received = received
    this.#gone = gone
    this.#id = network.sockets.nextId()
    network.sockets.add(this.#id, this)
  }

  open(family: 4 | 6, protocol: number): SysResult {
    this.#answer = undefined
    this.network.call({ call: 'open-raw', id: this.#id, family, protocol })
    return this.#result
  }
  send(data: Uint8Array, to: string): SysResult {
    this.#answer = undefined
    this.network.call({ call: 'send-raw', id: this.#id, to, data })
    return this.#result || data.length
  }
  configure(options: UdpOptions): void {
    this.network.call({ call: 'configure', id: this.#id, options })
  }
  close(): void {
    this.network.sockets.drop(this.#id)
    this.network.call({ call: 'close', id: this.#id })
  }

  news(news: SocketNews): void {
    if (news._tag === 'Packet') this.#received(this, news)
    else if (news._tag === 'SoftError') this.#answer = news.code
    else if (news._tag === 'Failed') {
      this.#answer = news.code
      this.#gone(this)
    }
  }

  gone(): void {
    this.#gone(this)
  }

  get #result(): SysResult {
    return this.#answer === undefined ? 0 : -errnoOf(this.#answer)
  }
}
