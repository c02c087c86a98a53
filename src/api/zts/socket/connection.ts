import type { NetworkCore } from '../../../streams/network-core.ts'
import type { SocketId, SocketNews, SocketSink } from '../../../streams/sockets.ts'
import type { TcpOptions } from '../../../tcpip/stack-io.ts'
import { TcpInbox } from '../../tcp-inbox.ts'
import { errno as E, type Errno, errnoOf } from '../errno.ts'
import type { SysResult } from './perform.ts'
import type { Place } from './place.ts'

/**
 * A TCP connection of a descriptor: what the stack says of it is kept as state that calls look at.
 *
 *     connecting ──▶ established ──▶ over
 */
export class Connection implements SocketSink {
  local: Place | undefined
  readonly remote: Place
  readonly network: NetworkCore
  readonly id: SocketId
  /** What ended it, if that was an error. */
  failure: Errno | undefined
  /** Called back whenever anything changes. */
  onChange: () => void = () => undefined
  readonly #inbox: TcpInbox
  #phase: 'connecting' | 'established' | 'over' = 'connecting'
  #readShut = false
  #writeShut = false
  #full = false
  #wrote = 0

  constructor(network: NetworkCore, id: SocketId, remote: Place) {
    this.network = network
    this.id = id
    this.remote = remote
    this.#inbox = new TcpInbox((bytes) => network.call({ call: 'consume', id, bytes }))
    network.sockets.add(id, this)
  }

  /** One that a listener accepted. */
  static accepted(network: NetworkCore, id: SocketId, local: Place, remote: Place): Connection {
    const connection = new Connection(network, id, remote)
    connection.local = local
    connection.#phase = 'established'
    return connection
  }

  begin(local: Partial<Place>, options: TcpOptions, deadline: number): void {
    const { network, id, remote } = this
    network.call({ call: 'connect', id, remote, local, options, deadline })
  }

  get connecting(): boolean {
    return this.#phase === 'connecting'
  }
  get established(): boolean {
    return this.#phase === 'established'
  }
  get available(): number {
    return this.#inbox.length
  }
  /** Nothing more will come than what is there. */
  get ended(): boolean {
    return this.#readShut || this.#inbox.ended || this.#phase === 'over'
  }
  /** Whatever is written is refused. */
  get deaf(): boolean {
    return this.#writeShut || this.#phase === 'over'
  }
  get hasRoom(): boolean {
    return this.#phase === 'established' && !this.#full
  }

  /** Bytes that are there, 0 at the end, `-EAGAIN` if there are none yet. */
  read(into: Uint8Array, peek: boolean): SysResult {
    if (this.#readShut || into.length === 0) return 0
    return this.#inbox.fill(into, peek) || (this.ended ? 0 : -E.ZTS_EAGAIN)
  }

  /** As many bytes as fit now. */
  write(data: Uint8Array): SysResult {
    if (this.deaf) return -E.ZTS_EPIPE
    if (!this.hasRoom) return -E.ZTS_EAGAIN
    this.#wrote = 0
    this.network.call({ call: 'write', id: this.id, data })
    return this.#wrote || (this.deaf ? -E.ZTS_EPIPE : -E.ZTS_EAGAIN)
  }

  configure(options: TcpOptions): void {
    this.network.call({ call: 'configure', id: this.id, options })
  }

  /** What came is thrown away, and what still comes. */
  shutRead(): void {
    if (this.#readShut) return
    this.#readShut = true
    this.#inbox.discard(() => new Error('shut'))
  }
  shutWrite(): void {
    if (this.deaf) return
    this.#writeShut = true
    this.network.call({ call: 'shutdown', id: this.id })
  }

  /** The descriptor is gone. What was written is still sent, for `linger` ms if that is said; 0 is RST. */
  release(linger: number | undefined): void {
    this.onChange = () => undefined
    const { network, id } = this
    if (linger === 0) network.call({ call: 'abort', id })
    else {
      if (linger !== undefined) this.configure({ linger })
      network.call({ call: 'close', id })
    }
  }

  news(news: SocketNews): void {
    switch (news._tag) {
      case 'Opened':
        this.local = news.local
        this.#phase = 'established'
        break
      case 'Data':
        this.#inbox.push(news.data)
        break
      case 'Wrote':
        this.#wrote = news.bytes
        this.#full = news.full ?? false
        return
      case 'Writable':
        this.#full = false
        break
      case 'Ended':
        this.#inbox.end()
        break
      case 'Failed':
        this.#over(errnoOf(news.code))
        return
      case 'Closed':
        this.#over()
        return
      default:
        return
    }
    this.onChange()
  }

  gone(): void {
    this.#over(E.ZTS_ENETDOWN)
  }

  /** Nothing to do: the descriptors are closed before their node is. */
  goodbye(): void {}

  #over(error?: Errno): void {
    this.#phase = 'over'
    this.failure = error
    this.#inbox.end()
    this.onChange()
  }
}
