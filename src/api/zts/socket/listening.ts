import type { NetworkCore } from '../../../streams/network-core.ts'
import type { SocketId, SocketNews, SocketSink } from '../../../streams/sockets.ts'
import type { TcpOptions } from '../../../tcpip/stack-io.ts'
import { errnoOf } from '../errno.ts'
import { Connection } from './connection.ts'
import type { JoinedNetworks } from './joined-networks.ts'
import type { SysResult } from './perform.ts'

/** Where and how a descriptor listens. */
export interface ListenPlan {
  /** `undefined`: every address. */
  readonly address: string | undefined
  readonly port: number
  readonly family: 4 | 6
  readonly v6Only: boolean
  readonly backlog: number
  readonly options: TcpOptions
}

/** A listener on one network, or on all that are joined and will be. */
export class Listening {
  readonly #plan: ListenPlan
  readonly #onChange: () => void
  readonly #legs = new Map<NetworkCore, ListenerLeg>()
  readonly #waiting: { readonly connection: Connection; readonly leg: ListenerLeg }[] = []
  #unwatch: (() => void) | undefined

  constructor(plan: ListenPlan, onChange: () => void) {
    this.#plan = plan
    this.#onChange = onChange
  }

  /** 0, or why one of the networks refused; then it listens on none. */
  open(networks: JoinedNetworks, only: NetworkCore | undefined): SysResult {
    for (const network of only === undefined ? networks.all : [only]) {
      const result = this.#openOn(network)
      if (result < 0) {
        this.close()
        return result
      }
    }
    if (only === undefined) this.#unwatch = networks.watch((network) => void this.#openOn(network))
    return 0
  }

  /** Its only network was left. */
  get over(): boolean {
    return this.#unwatch === undefined && this.#legs.size === 0
  }
  get ready(): boolean {
    return this.#waiting.length > 0
  }

  /** The connection that waits longest. */
  take(): Connection | undefined {
    const first = this.#waiting.shift()
    first?.leg.taken()
    return first?.connection
  }

  /** Those who connected and were not accepted hear RST. */
  close(): void {
    this.#unwatch?.()
    for (const { connection } of this.#waiting.splice(0)) connection.release(0)
    for (const leg of this.#legs.values()) leg.close()
    this.#legs.clear()
  }

  #openOn(network: NetworkCore): SysResult {
    const leg = new ListenerLeg(network, {
      accepted: (connection) => {
        this.#waiting.push({ connection, leg })
        this.#onChange()
      },
      gone: () => {
        this.#legs.delete(network)
        this.#onChange()
      },
    })
    this.#legs.set(network, leg)
    const { address, family, v6Only, port, backlog, options } = this.#plan
    network.call({
      call: 'listen',
      id: leg.id,
      ...(address !== undefined ? { address } : family === 4 ? { address: '0.0.0.0' } : {}),
      ...(address === undefined && v6Only ? { address: '::', ipv6Only: true } : {}),
      port,
      backlog,
      options,
      nextId: network.sockets.nextId,
    })
    return leg.error === undefined ? 0 : -errnoOf(leg.error)
  }
}

/** The listener of one stack. */
class ListenerLeg implements SocketSink {
  readonly id: SocketId
  error: string | undefined
  readonly #network: NetworkCore
  readonly #owner: { readonly accepted: (connection: Connection) => void; readonly gone: () => void }

  constructor(network: NetworkCore, owner: { accepted: (connection: Connection) => void; gone: () => void }) {
    this.#network = network
    this.#owner = owner
    this.id = network.sockets.nextId()
    network.sockets.add(this.id, this)
  }

  taken(): void {
    this.#network.call({ call: 'accept', id: this.id })
  }
  close(): void {
    this.#network.sockets.drop(this.id)
    this.#network.call({ call: 'close', id: this.id })
  }

  news(news: SocketNews): void {
    if (news._tag === 'Accepted') {
      const connection = Connection.accepted(this.#network, news.id, news.local, news.remote)
      this.#owner.accepted(connection)
    } else if (news._tag === 'Failed') {
      this.error = news.code
      this.#owner.gone()
    } else if (news._tag === 'Closed') this.#owner.gone()
  }

  gone(): void {
    this.#owner.gone()
  }
}
