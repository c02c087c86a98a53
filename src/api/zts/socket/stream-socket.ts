import type { NetworkCore } from '../../../streams/network-core.ts'
import { socket as S } from '../constant/socket.ts'
import { errno as E } from '../errno.ts'
import { type Bound, bindTo } from './binding.ts'
import { Connection } from './connection.ts'
import { Descriptor, type ReadFlags, type Readiness, type Received } from './descriptor.ts'
import type { Ground } from './ground.ts'
import { Listening } from './listening.ts'
import { tcpOptionsOf } from './option-values.ts'
import type { SysResult, Work } from './perform.ts'
import { type Place, placeFor } from './place.ts'

/**
 * `ZTS_SOCK_STREAM`: TCP.
 *
 *     fresh ──bind──▶ bound ──listen──▶ listening
 *       └──────┬────────┘
 *           connect ──▶ connecting ──▶ connected ──▶ over
 *              ▲            │
 *              └── failed ◀─┘
 */
export class StreamSocket extends Descriptor {
  readonly type = S.ZTS_SOCK_STREAM
  readonly protocol = 'tcp'
  #bound: Bound | undefined
  #connection: Connection | undefined
  #listening: Listening | undefined
  /** A connection was tried and did not come to be. */
  #failed = false
  #corked = false
  override readonly acceptedFrom: Place | undefined

  constructor(ground: Ground, family: 4 | 6, acceptedFrom?: Place) {
    super(ground, family)
    this.acceptedFrom = acceptedFrom
  }

  get readiness(): Readiness {
    const connection = this.#connection
    if (this.#listening !== undefined) {
      const readable = this.#listening.ready || this.#listening.over
      return { readable, writable: false, error: this.hasError, hungUp: false }
    }
    const isOver = connection?.ended === true && connection.deaf
    return {
      readable: this.hasError || (connection !== undefined && (connection.available > 0 || connection.ended)),
      writable: this.hasError || (connection !== undefined && (connection.hasRoom || connection.deaf)),
      error: this.hasError,
      hungUp: isOver || this.#failed,
    }
  }

  bind(given: Place): SysResult {
    if (this.#bound !== undefined || this.#connection !== undefined || this.#listening !== undefined)
      return -E.ZTS_EINVAL
    const place = placeFor(this, given)
    if (typeof place === 'number') return place
    const { reuseAddress } = this.options
    const bound = bindTo(this.ground, this.ground.tcpPorts, this, place, { device: this.options.device, reuseAddress })
    if (typeof bound === 'number') return bound
    this.#bound = bound
    return 0
  }

  /** A second call changes nothing. */
  override listen(backlog: number): SysResult {
    if (this.#listening !== undefined) return 0
    if (this.#connection !== undefined) return -E.ZTS_EINVAL
    const bound = this.#bound ?? this.#bindAnywhere()
    if (typeof bound === 'number') return bound
    const { claim, network } = bound
    claim.listening = true
    const isFree = this.ground.tcpPorts.isFree(claim)
    const listening = new Listening(
      {
        address: claim.address,
        port: claim.port,
        family: this.family,
        v6Only: this.options.v6Only,
        backlog: Math.max(1, Math.min(backlog, MOST_BACKLOG)),
        options: tcpOptionsOf(this.options),
      },
      () => this.waiters.wake(),
    )
    const result = isFree ? listening.open(this.ground.networks, network) : -E.ZTS_EADDRINUSE
    if (result < 0) claim.listening = false
    else this.#listening = listening
    return result
  }

  override get listening(): boolean {
    return this.#listening !== undefined
  }

  override accept(): Descriptor | SysResult {
    if (this.#listening === undefined) return -E.ZTS_EINVAL
    const connection = this.#listening.take()
    if (connection === undefined) return this.#listening.over ? -E.ZTS_ENETDOWN : -E.ZTS_EAGAIN
    const accepted = new StreamSocket(this.ground, this.family, connection.remote)
    Object.assign(accepted.options, this.options)
    accepted.#follow(connection)
    return accepted
  }

  connect(given: Place, limit = this.options.connectTimeout || CONNECT_TIMEOUT): SysResult {
    if (this.#listening !== undefined) return -E.ZTS_EOPNOTSUPP
    if (this.#connection?.connecting) return -E.ZTS_EALREADY
    if (this.hasError) return -this.takeError()
    if (this.#connection !== undefined) return -E.ZTS_EISCONN
    const remote = this.destination(given)
    if (typeof remote === 'number') return remote
    if (remote.port === 0) return -E.ZTS_EADDRNOTAVAIL
    const network = this.#bound?.network ?? this.options.device ?? this.ground.networks.towards(remote.address)
    if (network === undefined) return -E.ZTS_ENETUNREACH
    this.#failed = false
    return this.#begin(network, remote, this.ground.clock.now() + limit)
  }

  #begin(network: NetworkCore, remote: Place, deadline: number): SysResult {
    const connection = new Connection(network, network.sockets.nextId(), remote)
    this.#follow(connection)
    const claim = this.#bound?.claim
    const address = claim?.address === undefined ? {} : { address: claim.address }
    const port = claim === undefined ? {} : { port: claim.port }
    connection.begin({ ...address, ...port }, tcpOptionsOf(this.options), deadline)
    return connection.connecting ? -E.ZTS_EINPROGRESS : this.connected()
  }

  connected(): SysResult {
    if (this.#connection?.connecting) return -E.ZTS_EAGAIN
    if (this.#connection === undefined || this.hasError) return -(this.takeError() || E.ZTS_ECONNABORTED)
    return 0
  }

  reader(into: Uint8Array, { peek, all }: ReadFlags): Work & { readonly received: Received } {
    let done = 0
    const attempt = (): SysResult => {
      const connection = this.#connection
      if (connection === undefined) return this.#unconnected()
      const n = connection.read(peek ? into : into.subarray(done), peek)
      // what came before an error is read first
      if (n <= 0 && done === 0 && this.hasError) return -(peek ? this.error : this.takeError())
      if (n < 0) return n
      done = peek ? n : done + n
      return !all || n === 0 || done === into.length || connection.ended ? done : -E.ZTS_EAGAIN
    }
    return { attempt, done: () => done, received: {} }
  }

  writer(data: Uint8Array, _place: Place | undefined, more: boolean): Work {
    let done = 0
    const attempt = (): SysResult => {
      if (this.hasError && done === 0) return -this.takeError()
      const connection = this.#connection
      if (connection === undefined) return this.#unconnected()
      if (data.length === 0) return connection.deaf ? -E.ZTS_EPIPE : 0
      if (more !== this.#corked) this.#cork(connection, more)
      while (done < data.length) {
        const n = connection.write(data.subarray(done))
        if (n < 0) return n === -E.ZTS_EAGAIN || done === 0 ? n : done
        done += n
      }
      return done
    }
    return { attempt, done: () => done }
  }

  override shutdown(read: boolean, write: boolean): SysResult {
    const connection = this.#connection
    if (connection === undefined || !connection.established) return -E.ZTS_ENOTCONN
    if (read) connection.shutRead()
    if (write) connection.shutWrite()
    this.waiters.wake()
    return 0
  }

  get local(): Place | undefined {
    return this.#connection?.local ?? this.#bound?.local
  }
  get remote(): Place | undefined {
    return this.#connection?.established ? this.#connection.remote : undefined
  }
  get available(): number {
    return this.#connection?.available ?? 0
  }

  optionsChanged(): void {
    this.#connection?.configure(tcpOptionsOf(this.options))
  }

  protected release(abortive: boolean): void {
    this.#listening?.close()
    this.#connection?.release(abortive ? 0 : this.options.linger)
    if (this.#bound !== undefined) this.ground.tcpPorts.remove(this.#bound.claim)
  }

  #follow(connection: Connection): void {
    this.#connection = connection
    connection.onChange = () => this.#changed(connection)
    if (connection.failure !== undefined) this.remember(connection.failure)
  }

  #changed(connection: Connection): void {
    if (connection.failure !== undefined) this.remember(connection.failure)
    if (connection.local === undefined && !connection.connecting) {
      // the attempt failed; another may follow
      this.#connection = undefined
      this.#failed = true
    }
    this.waiters.wake()
  }

  #bindAnywhere(): Bound | SysResult {
    const result = this.bind({ address: this.family === 6 ? '::' : '0.0.0.0', port: 0 })
    return this.#bound ?? result
  }

  #unconnected(): SysResult {
    return this.hasError ? -this.takeError() : -E.ZTS_ENOTCONN
  }

  /** `ZTS_MSG_MORE`: a segment that is not full waits for what follows. */
  #cork(connection: Connection, cork: boolean): void {
    this.#corked = cork
    connection.configure({ cork })
  }
}

/** ms, as 4.4BSD has it. */
const CONNECT_TIMEOUT = 75_000
const MOST_BACKLOG = 4096
