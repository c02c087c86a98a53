import type { IpAddress } from '../../../protocol/kernel/ip.ts'
import type { NetworkCore } from '../../../streams/network-core.ts'
import { errno as E, type Errno } from '../errno.ts'
import type { Ground } from './ground.ts'
import { freshOptions, type OptionValues } from './option-values.ts'
import { type Patience, perform, type SysResult, Turns, type Work, whole } from './perform.ts'
import { type Family, isAnywhere, type Place, placeFor } from './place.ts'
import { Waiters } from './waiters.ts'

/** What is true of a socket now, as `poll` and `select` ask. */
export interface Readiness {
  readonly readable: boolean
  readonly writable: boolean
  readonly error: boolean
  readonly hungUp: boolean
}

/** Where a message came from and how much of it there was. */
export interface Received {
  readonly from?: Place | undefined
  /** Where it was sent to, and its network. */
  readonly to?: Place | undefined
  readonly netId?: bigint | undefined
  readonly truncated?: boolean
}

/** Of reading: `ZTS_MSG_PEEK`, `ZTS_MSG_WAITALL`. */
export interface ReadFlags {
  readonly peek: boolean
  readonly all: boolean
}

/** One socket as a program sees it. Calls give what `SysResult` says. */
export abstract class Descriptor implements Family {
  nonBlocking = false
  closed = false
  readonly options: OptionValues = freshOptions()
  readonly waiters = new Waiters()
  readonly reading = new Turns()
  readonly writing = new Turns()
  readonly family: 4 | 6
  abstract readonly type: number
  /** Of its level, beside those that every socket has. */
  abstract readonly protocol: 'tcp' | 'udp' | 'raw'
  protected readonly ground: Ground
  #error: Errno | 0 = 0

  constructor(ground: Ground, family: 4 | 6) {
    this.ground = ground
    this.family = family
  }

  get v6Only(): boolean {
    return this.options.v6Only
  }

  abstract get readiness(): Readiness
  abstract bind(place: Place): SysResult
  /** `-EINPROGRESS` if it stands later; `limit` in ms. */
  abstract connect(place: Place, limit?: number): SysResult
  /** Whether the connection that was begun stands: 0, `-EAGAIN`, or why not. */
  abstract connected(): SysResult
  /** What comes in: bytes that are there, or the next message. */
  abstract reader(into: Uint8Array, flags: ReadFlags): Work & { readonly received: Received }
  /** Sends `data`; to `place` where there is no connection. */
  abstract writer(data: Uint8Array, place: Place | undefined, more: boolean): Work
  abstract readonly local: Place | undefined
  abstract readonly remote: Place | undefined
  /** Bytes that can be read. */
  abstract readonly available: number
  /** Options changed: sockets of the stack hear of it. */
  abstract optionsChanged(): void
  protected abstract release(abortive: boolean): void

  listen(_backlog: number): SysResult {
    return -E.ZTS_EOPNOTSUPP
  }
  /** Somebody who connected, or why there is nobody. */
  accept(): Descriptor | SysResult {
    return -E.ZTS_EOPNOTSUPP
  }
  get listening(): boolean {
    return false
  }
  /** Of one that was accepted: who connected, also if the connection is over again. */
  readonly acceptedFrom: Place | undefined = undefined
  shutdown(_read: boolean, _write: boolean): SysResult {
    return -E.ZTS_EOPNOTSUPP
  }
  disconnect(): SysResult {
    return -E.ZTS_EAFNOSUPPORT
  }
  membership(_join: boolean, _group: string, _at: string | number | undefined): SysResult {
    return -E.ZTS_EOPNOTSUPP
  }

  /** Ends it. What waits for it ends with `EBADF`. Abortive: the peers of connections hear RST. */
  close(abortive = false): void {
    if (this.closed) return
    this.closed = true
    this.release(abortive)
    this.waiters.wake()
  }

  /** An error that nobody asked for: the next call gives it, or `SO_ERROR`. */
  protected remember(error: Errno): void {
    if (this.#error === 0) this.#error = error
    this.waiters.wake()
  }
  get hasError(): boolean {
    return this.#error !== 0
  }
  get error(): Errno | 0 {
    return this.#error
  }
  /** Told once. */
  takeError(): Errno | 0 {
    const error = this.#error
    this.#error = 0
    return error
  }

  /** The network that `SO_BINDTODEVICE` names. */
  networkCalled(id: string): NetworkCore | undefined {
    return this.ground.networks.byId(id)
  }
  isOwn(address: IpAddress): boolean {
    return this.ground.networks.ownerOf(address) !== undefined
  }

  patience(timeout: number, dontWait: boolean): Patience {
    return { blocking: !this.nonBlocking && !dontWait, timeout }
  }

  /** Waits until a connection that was begun stands or not, however many others wait too. */
  settled(): Promise<SysResult> {
    return perform(
      this.ground.clock,
      this,
      new Turns(),
      { blocking: true, timeout: 0 },
      whole(() => this.connected()),
    )
  }

  /** What a caller means by an address to connect or send to: the unspecified one is this host. */
  destination(given: Place): Place | SysResult {
    const place = placeFor(this, given)
    if (typeof place === 'number' || !isAnywhere(place.address)) return place
    return { ...place, address: place.address === '::' ? '::1' : '127.0.0.1' }
  }
}
