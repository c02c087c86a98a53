import { SocketError } from '../../streams/error.ts'
import { EventEmitter, type LookupFunction } from '../../streams/io/node-modules.ts'
import { aFunction, isStream, refuse } from '../../streams/option.ts'
import type { NodeId } from '../../streams/public-id.ts'
import { parseIp } from '../address.ts'
import type { Datagram, UdpSettings, UdpSocket } from '../udp-socket.ts'

export interface DgramOptions {
  /** Finds the addresses of names, as for `dgram.createSocket`: `toLookup(network)`. Without it names are refused. */
  readonly lookup?: LookupFunction
}
/** Where a datagram came from. */
export interface DgramSource {
  readonly address: string
  readonly family: 'IPv4' | 'IPv6'
  readonly port: number
  readonly size: number
  /** The node that sent it; `undefined` behind a bridge or gateway. */
  readonly peer?: NodeId
}
interface DgramEvents {
  readonly message: [message: Buffer, from: DgramSource]
  readonly listening: []
  readonly connect: []
  readonly error: [error: Error]
  readonly close: []
}
type Message = string | Uint8Array | readonly (string | Uint8Array)[]
type Sent = (error: Error | null, bytes: number) => void
type Place = { readonly host: string; readonly port: number }

/** A UDP socket of a virtual network as the `dgram.Socket` that Node's libraries expect. It is bound from the start. */
export class VirtualDgram extends EventEmitter<DgramEvents> {
  readonly type: 'udp4' | 'udp6'
  readonly #socket: UdpSocket
  readonly #lookup: LookupFunction | undefined
  #remote: Place | undefined
  #closed = false

  constructor(socket: UdpSocket, { lookup }: DgramOptions) {
    super()
    this.#socket = socket
    this.#lookup = lookup
    this.type = socket.local.family === 6 ? 'udp6' : 'udp4'
    socket.messages$.subscribe({ next: (datagram) => this.#received(datagram), complete: () => this.#over() })
  }

  address(): { address: string; family: string; port: number } {
    return shownAddress(this.#socket.local)
  }
  /** @throws {SocketError} `ENOTCONN` */
  remoteAddress(): { address: string; family: string; port: number } {
    if (this.#remote === undefined)
      throw new SocketError('ENOTCONN', 'getpeername', undefined, 'connect the socket first')
    const { host, port } = this.#remote
    return shownAddress({ address: host, port, family: host.includes(':') ? 6 : 4 })
  }

  /** It is bound already, whatever is named: what follows is the event `listening`, and the callback. */
  bind(...args: readonly unknown[]): this {
    const then = args.at(-1)
    if (typeof then === 'function') this.once('listening', () => then())
    queueMicrotask(() => {
      if (!this.#closed) this.emit('listening')
    })
    return this
  }

  /** Fixes the other end. A failure is told to the callback, or as `error`. */
  connect(
    port: number,
    ...args: readonly [host?: string | ((error?: Error) => void), then?: (error?: Error) => void]
  ): void {
    const then = args.find((arg) => typeof arg === 'function')
    const host = args.find((arg) => typeof arg === 'string')
    this.#locate(host, port)
      .then((place) => {
        if (place === undefined) return
        this.#socket.connect(place)
        this.#remote = place
      })
      .then(
        () => {
          this.emit('connect')
          then?.()
        },
        (error: Error) => this.#tell(error, then),
      )
  }

  /**
   * `send(message, port, host, done)`, without `port` and `host` if connected, and with `offset` and `length` after the
   * message where only a part is meant. A failure is told to the callback, or as `error`.
   */
  send(message: Message, ...args: readonly (number | string | Sent | null | undefined)[]): void {
    const done = args.find((arg) => typeof arg === 'function')
    const [first, second, ...rest] = args.filter((arg) => typeof arg !== 'function')
    const isPart = typeof first === 'number' && typeof second === 'number'
    const whole = bytesOf(message)
    const data = isPart ? whole.subarray(first, first + second) : whole
    const [port, host] = isPart ? rest : [first, second]
    const sent = (place: Place | undefined): Promise<void> => this.#socket.send(data, place)
    // an address needs no looking up: what is sent in one turn leaves in order
    const place = this.#place(host, port)
    const sending = place === 'name' ? this.#locate(host, port).then(sent) : sent(place)
    sending.then(
      () => done?.(null, data.length),
      (error: Error) => this.#tell(error, done === undefined ? undefined : (reason) => done(reason, 0)),
    )
  }

  close(then?: () => void): this {
    if (then !== undefined) this.once('close', then)
    void this.#socket.close()
    return this
  }

  /** The segment of the network is the one interface there is, so none has to be named. */
  addMembership(group: string): void {
    this.#socket.joinGroup(group)
  }
  dropMembership(group: string): void {
    this.#socket.leaveGroup(group)
  }
  setBroadcast(broadcast: boolean): void {
    this.#configure({ broadcast })
  }
  setTTL(ttl: number): number {
    this.#configure({ ttl })
    return ttl
  }
  setMulticastTTL(multicastTtl: number): number {
    this.#configure({ multicastTtl })
    return multicastTtl
  }
  setMulticastLoopback(multicastLoop: boolean): boolean {
    this.#configure({ multicastLoop })
    return multicastLoop
  }
  /** There is one interface only. */
  setMulticastInterface(): void {}
  /** The node as a whole keeps the process alive or does not. */
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#socket.close()
  }

  #configure(settings: UdpSettings): void {
    this.#socket.configure(settings)
  }

  #received({ data, from, peer }: Datagram): void {
    const message = Buffer.from(data.buffer, data.byteOffset, data.length)
    this.emit('message', message, {
      ...{ address: from.address, family: `IPv${from.family}`, port: from.port, size: data.length },
      ...(peer === undefined ? {} : { peer }),
    })
  }

  #over(): void {
    this.#closed = true
    queueMicrotask(() => this.emit('close'))
  }

  #tell(error: Error, to: ((error: Error) => void) | undefined): void {
    if (to === undefined) this.emit('error', error)
    else to(error)
  }

  /** Where to, if nobody has to be asked for it. What is no place is refused by the socket, in its words. */
  #place(host: Argument, port: Argument): Place | 'name' | undefined {
    if (port === undefined || port === null) return undefined
    const name = String(host ?? '')
    return this.#lookup === undefined || parseIp(name) !== undefined ? { host: name, port: Number(port) } : 'name'
  }

  #locate(host: Argument, port: Argument): Promise<Place | undefined> {
    const place = this.#place(host, port)
    if (place !== 'name') return Promise.resolve(place)
    return new Promise((resolve, reject) =>
      this.#lookup?.(String(host), {}, (error, address) => {
        if (error !== null) reject(error)
        else resolve({ host: String(address), port: Number(port) })
      }),
    )
  }
}

type Argument = number | string | Sent | null | undefined

/**
 * A `dgram.Socket` look-alike for libraries that want one: `message`, `send`, `bind`, `connect`, `address`, memberships.
 * `disconnect` and groups of one source are missing.
 * @throws {ArgumentError} `ERR_ZT_INVALID_OPTION`
 * @example toDgram(await net.bind({ port: 5353 })).on('message', (message, from) => console.log(from.address))
 */
export const toDgram = (udpSocket: UdpSocket, options: DgramOptions = {}): VirtualDgram => {
  if (!isStream(udpSocket?.messages$)) refuse('udpSocket', udpSocket, 'pass what bind() gave')
  const { lookup } = options
  if (lookup !== undefined && !aFunction.is(lookup)) refuse('lookup', lookup, aFunction.cure)
  return new VirtualDgram(udpSocket, options)
}

const shownAddress = ({ address, port, family }: { address: string; port: number; family: 4 | 6 }) => ({
  ...{ address, port },
  family: `IPv${family}`,
})

const bytesOf = (message: Message): Uint8Array =>
  typeof message === 'string'
    ? Buffer.from(message)
    : message instanceof Uint8Array
      ? message
      : Buffer.concat(message.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))
