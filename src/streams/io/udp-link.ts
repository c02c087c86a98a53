import { networkInterfaces } from 'node:os'
import { Observable, ReplaySubject, Subject } from 'rxjs'
import type { LinkDatagram, LocalSocket, OutgoingDatagram } from '../../protocol/datagram.ts'
import { canonicalIp, type IpAddress, isIpv6, parseIp } from '../../protocol/kernel/ip.ts'
import { type Scope, scope, scopeOf } from '../../protocol/peer/endpoint.ts'
import { ArgumentError, NodeError } from '../error.ts'
import type { Link, LinkStats } from '../link.ts'
import { checkOptions, type OptionRules, whole, yesOrNo } from '../option.ts'
import { UdpPort } from './udp-port.ts'

export interface UdpLinkOptions {
  /** The primary port; 0 (default) takes a random one of `portRange`. */
  readonly port?: number
  /** Default 20000…45500. */
  readonly portRange?: readonly [number, number]
  /** A second, random port on every address: some NATs spoil one of two (default true). */
  readonly secondary?: boolean
  /** Accepted for a later version; ports are not mapped yet. */
  readonly portMapping?: boolean
  /** Bind only these; by default every usable address of every interface. */
  readonly address?: IpAddress | readonly IpAddress[]
  /** Narrows the default set, never widens it. */
  readonly interfaces?: (name: string, address: IpAddress) => boolean
  /** Loopback counts as a physical network (default false); a loopback `address` implies it. */
  readonly allowLoopback?: boolean
  /** Bytes, default 4 MiB: what one busy event-loop turn may leave in the kernel. */
  readonly receiveBuffer?: number
}

/**
 * UDP over `node:dgram`: one socket per local address and port (`docs/protocol/vl1.md`, ports and sockets), datagrams of
 * one event-loop turn in one batch. It binds when somebody subscribes or sends, and follows interface changes.
 */
export const udpLink = (options: UdpLinkOptions = {}): Link => new UdpLink(checked(options))

class UdpLink implements Link {
  readonly name = 'udp'
  readonly allowLoopback: boolean
  readonly incoming$: Observable<readonly LinkDatagram[]>
  readonly local$: Observable<readonly LocalSocket[]>

  readonly #options: UdpLinkOptions
  readonly #incoming = new Subject<readonly LinkDatagram[]>()
  readonly #local = new ReplaySubject<readonly LocalSocket[]>(1)
  readonly #ports = new Map<number, UdpPort>()
  readonly #counters = { received: 0, receivedBytes: 0, sent: 0, sentBytes: 0, droppedFull: 0, failed: 0 }
  #batch: LinkDatagram[] = []
  #flushing: NodeJS.Immediate | undefined
  #watch: NodeJS.Timeout | undefined
  #opening: Promise<void> | undefined
  #numbers: readonly number[] = []
  #closed = false
  #held = true
  #next = 1

  constructor(options: UdpLinkOptions) {
    this.#options = options
    this.allowLoopback = options.allowLoopback === true || explicit(options).some(isLoopback)
    this.incoming$ = this.#onUse(this.#incoming)
    this.local$ = this.#onUse(this.#local)
  }

  get stats(): LinkStats {
    return { ...this.#counters }
  }

  send(batch: readonly OutgoingDatagram[]): void {
    const counters = this.#counters
    for (let i = 0; i < batch.length; i++) {
      const datagram = batch[i]!
      if (datagram.socket !== undefined) {
        const port = this.#ports.get(datagram.socket)
        if (port === undefined) counters.failed++
        else port.send(datagram)
        continue
      }
      const v6 = isIpv6(datagram.to.address)
      for (const port of this.#ports.values()) if (port.v6 === v6) port.send(datagram)
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearInterval(this.#watch)
    clearImmediate(this.#flushing)
    await this.#opening?.catch(() => undefined)
    await Promise.all([...this.#ports.values()].map((port) => port.close()))
    this.#ports.clear()
    this.#incoming.complete()
    this.#local.complete()
    // dgram says closed before the loop has let go of the handle, which it does at the end of its turn
    for (let turn = 0; turn < 2; turn++) await new Promise(setImmediate)
  }

  ref(): void {
    this.#held = true
    for (const port of this.#ports.values()) port.ref()
  }

  unref(): void {
    this.#held = false
    for (const port of this.#ports.values()) port.unref()
  }

  #onUse<T>(source: Observable<T>): Observable<T> {
    return new Observable((out) => {
      this.#open()
      return source.subscribe(out)
    })
  }

  #open(): void {
    if (this.#opening !== undefined || this.#closed) return
    this.#opening = this.#bindFirst()
    this.#opening.catch((error: unknown) => this.#local.error(error))
  }

  async #bindFirst(): Promise<void> {
    const addresses = this.#addresses()
    if (addresses.length === 0)
      throw new NodeError(
        'ERR_ZT_BIND',
        'no usable network address on this machine — check the interfaces or name an `address`',
      )
    const primary = this.#options.port ?? 0
    const numbers = [await this.#bindPort(addresses, primary)]
    if (this.#options.secondary !== false) numbers.push(await this.#bindPort(addresses, 0))
    this.#numbers = numbers
    if (this.#closed) return
    this.#announce()
    if (explicit(this.#options).length > 0) return
    this.#watch = setInterval(() => void this.#follow(), REFRESH)
    this.#watch.unref()
  }

  /** Binds one port number on every address that takes it; a random number is drawn again while any is busy. */
  async #bindPort(addresses: readonly IpAddress[], wanted: number): Promise<number> {
    const [low, high] = this.#options.portRange ?? PORT_RANGE
    let reason: unknown
    for (let attempt = 0; attempt < (wanted === 0 ? ATTEMPTS : 1); attempt++) {
      const number = wanted === 0 ? low + Math.floor((high - low + 1) * chance()) : wanted
      const results = await Promise.allSettled(addresses.map((address) => this.#bind(address, number)))
      const bound = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
      const refused = results.find((result) => result.status === 'rejected')
      const busy = results.some((result) => result.status === 'rejected' && codeOf(result.reason) === 'EADDRINUSE')
      if (!busy && bound.length > 0) {
        for (const port of bound) this.#adopt(port)
        return number
      }
      reason = refused?.status === 'rejected' ? refused.reason : undefined
      await Promise.all(bound.map((port) => port.close()))
      if (!busy) break
    }
    const [where, code] = [addresses.join(', '), codeOf(reason)]
    const what = wanted === 0 ? `no free UDP port in ${low}…${high}` : `UDP port ${wanted} cannot be bound`
    const cure = CURES[code] ?? (wanted === 0 ? 'widen `portRange`' : 'stop what uses it or choose another port')
    throw new NodeError('ERR_ZT_BIND', `${what} on ${where} (${code}) — ${cure}`, { cause: reason })
  }

  #bind(address: IpAddress, number: number): Promise<UdpPort> {
    return UdpPort.open(
      this.#next++,
      address,
      number,
      this.#options.receiveBuffer ?? RECEIVE_BUFFER,
      this.#received,
      this.#counters,
    )
  }

  #adopt(port: UdpPort): void {
    this.#ports.set(port.socket, port)
    if (!this.#held) port.unref()
  }

  #announce(): void {
    this.#local.next(
      [...this.#ports.values()].map(({ socket, address, number }) => ({ socket, address, port: number })),
    )
  }

  /** Interfaces come and go: sockets of addresses that are gone close, new addresses get theirs. */
  async #follow(): Promise<void> {
    const wanted = new Set(this.#addresses())
    const had = new Set([...this.#ports.values()].map((port) => port.address))
    const gone = [...this.#ports.values()].filter((port) => !wanted.has(port.address))
    for (const port of gone) {
      this.#ports.delete(port.socket)
      void port.close()
    }
    let changed = gone.length > 0
    for (const address of wanted) {
      if (had.has(address)) continue
      for (const number of this.#numbers) {
        const port = await this.#bind(address, number).catch(() => undefined)
        if (port === undefined) continue
        if (this.#closed) return void port.close()
        this.#adopt(port)
        changed = true
      }
    }
    if (changed && !this.#closed) this.#announce()
  }

  #addresses(): readonly IpAddress[] {
    const named = explicit(this.#options)
    return named.length > 0 ? named : usableAddresses(this.#options, this.allowLoopback)
  }

  readonly #received = (data: Uint8Array, address: IpAddress, port: number, socket: number): void => {
    this.#counters.received++
    this.#counters.receivedBytes += data.length
    this.#batch.push({ data, from: { address, port }, socket })
    if (this.#batch.length >= BATCH) this.#flush()
    else this.#flushing ??= setImmediate(this.#flush)
  }

  readonly #flush = (): void => {
    clearImmediate(this.#flushing)
    this.#flushing = undefined
    const batch = this.#batch
    if (batch.length === 0 || this.#closed) return
    this.#batch = []
    this.#incoming.next(batch)
  }
}

/** Every address that can carry traffic to other machines; tunnels and temporary addresses left out. */
const usableAddresses = (options: UdpLinkOptions, allowLoopback: boolean): readonly IpAddress[] => {
  const found = new Set<IpAddress>()
  for (const [name, entries] of Object.entries(networkInterfaces()))
    for (const entry of entries ?? []) {
      const bytes = parseIp(entry.address)
      if (bytes === undefined || TUNNELS.test(name)) continue
      const reach = scopeOf(bytes)
      const usable = PHYSICAL.has(reach) || (reach === scope.loopback && allowLoopback)
      const address = canonicalIp(entry.address)
      if (usable && address !== undefined && (options.interfaces?.(name, address) ?? true)) found.add(address)
    }
  return [...found].slice(0, MOST_ADDRESSES)
}

const explicit = (options: UdpLinkOptions): readonly IpAddress[] =>
  options.address === undefined
    ? []
    : (typeof options.address === 'string' ? [options.address] : options.address).map(
        (text) => canonicalIp(text) ?? text,
      )

const isLoopback = (address: IpAddress): boolean => {
  const bytes = parseIp(address)
  return bytes !== undefined && scopeOf(bytes) === scope.loopback
}

const isPortNumber = (x: unknown): boolean => Number.isInteger(x) && (x as number) >= 0 && (x as number) <= 65_535
const rules: OptionRules<UdpLinkOptions> = {
  port: { is: isPortNumber, cure: 'use a UDP port, 0 to 65535' },
  portRange: {
    is: (x) => Array.isArray(x) && x.length === 2 && x.every(isPortNumber) && x[0] > 0 && x[0] <= x[1],
    cure: 'pass [lower, upper] of UDP ports, 1 to 65535',
  },
  secondary: yesOrNo,
  portMapping: yesOrNo,
  address: {
    is: (x) => typeof x === 'string' || (Array.isArray(x) && x.length > 0 && x.every((one) => typeof one === 'string')),
    cure: 'pass an IP address or a list of them, or leave it out',
  },
  interfaces: {
    is: (x) => typeof x === 'function',
    cure: 'pass a function of name and address that says true or false',
  },
  allowLoopback: yesOrNo,
  receiveBuffer: whole(4096, 1 << 30),
}

const checked = (options: UdpLinkOptions): UdpLinkOptions => {
  checkOptions('udpLink()', options, rules)
  for (const address of explicit(options))
    if (parseIp(address) === undefined)
      throw new ArgumentError(
        'ERR_ZT_INVALID_ADDRESS',
        `address "${address}" is no IP address — write it like 192.0.2.1 or 2001:db8::1`,
      )
  return options
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error)

/** Where another port is no help. */
const CURES: Readonly<Record<string, string>> = {
  EACCES: 'it needs rights: run with them, or choose a port from 1024 on',
  EADDRNOTAVAIL: 'bind to addresses that this machine has',
}

/** 32 random bits are plenty to choose a port. */
const chance = (): number => globalThis.crypto.getRandomValues(new Uint32Array(1))[0]! / 0x1_0000_0000

const PORT_RANGE = [20_000, 45_500] as const
const ATTEMPTS = 256
const BATCH = 64
const RECEIVE_BUFFER = 4 << 20
/** Between two looks at the interfaces, each about 0.2 ms: a host that moves should not be cut off for long. */
const REFRESH = 2_000
const MOST_ADDRESSES = 64
const TUNNELS = /^(lo$|zt|feth|tun|tap|utun)/
const PHYSICAL: ReadonlySet<Scope> = new Set([scope.pseudoPrivate, scope.global, scope.shared, scope.private])
