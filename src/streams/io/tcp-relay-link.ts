import { createConnection, type Socket } from 'node:net'
import { BehaviorSubject, Subject } from 'rxjs'
import type { Endpoint, LinkDatagram, OutgoingDatagram } from '../../protocol/datagram.ts'
import { parseIp } from '../../protocol/kernel/ip.ts'
import type { Millis } from '../../protocol/kernel/machine.ts'
import {
  datagramRecord,
  greetingRecord,
  isGreeting,
  readDatagram,
  readRecords,
  recordReader,
  SHORTEST_DATAGRAM,
} from '../../protocol/relay/framing.ts'
import { ArgumentError } from '../error.ts'
import { tunnelLink } from '../fallback-link.ts'
import type { Link, LinkStats } from '../link.ts'
import { anything, checkOptions, isRecord, refuse, shown } from '../option.ts'
import type { RelayLink } from '../relay-link.ts'
import { systemClock } from './clock.ts'

export interface TcpRelayLinkOptions {
  /** Where the relay listens. */
  readonly endpoint: Endpoint
}

/**
 * All traffic by a TCP relay (`docs/protocol/vl1.md`, TCP fall-back relay), for hosts that have no UDP at all. It connects
 * on first use, and again whenever the connection is lost. IPv4 destinations only.
 */
export const tcpRelayLink = (options: TcpRelayLinkOptions): Link => tunnelLink(tcpRelay(options), systemClock())

/** The client end of a TCP relay. */
export const tcpRelay = (options: TcpRelayLinkOptions): RelayLink => {
  checkOptions('tcpRelayLink()', options, { endpoint: anything })
  const { address, port } = isRecord(options.endpoint)
    ? options.endpoint
    : refuse('endpoint', options.endpoint, 'pass { address, port } of a relay')
  if (!Number.isInteger(port) || port < 1 || port > 65_535) refuse('endpoint port', port, 'use 1 to 65535')
  if (typeof address !== 'string' || parseIp(address) === undefined)
    throw new ArgumentError(
      'ERR_ZT_INVALID_ADDRESS',
      `endpoint address ${shown('address', address)} is no IP address — write it like 192.0.2.1`,
    )
  return new TcpRelayClient({ address, port })
}

class TcpRelayClient implements RelayLink {
  readonly name = 'tcp-relay'
  readonly #incoming = new Subject<readonly LinkDatagram[]>()
  readonly #connected = new BehaviorSubject(false)
  readonly incoming$ = this.#incoming.asObservable()
  readonly connected$ = this.#connected.asObservable()
  readonly #endpoint: Endpoint
  readonly #counters = { received: 0, receivedBytes: 0, sent: 0, sentBytes: 0, droppedFull: 0, failed: 0 }
  #socket: Socket | undefined
  #held = true
  #closed = false

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint
  }

  get connected(): boolean {
    return this.#connected.value
  }

  get stats(): LinkStats {
    return { ...this.#counters }
  }

  connect(): void {
    if (this.#socket !== undefined || this.#closed) return
    const { address, port } = this.#endpoint
    const socket = createConnection({ host: address, port, noDelay: true })
    const reader = recordReader()
    this.#socket = socket
    if (!this.#held) socket.unref()
    socket.setTimeout(CONNECT_WITHIN, () => socket.destroy())
    socket.once('connect', () => {
      socket.setTimeout(0)
      socket.write(greetingRecord(...VERSION))
      this.#connected.next(true)
    })
    socket.on('data', (chunk) => {
      const batch: LinkDatagram[] = []
      let broken = false
      for (const message of readRecords(reader, chunk)) {
        if (isGreeting(message)) continue
        const found = readDatagram(message)
        if (found === undefined) broken = true
        else if (found.endpoint !== undefined && found.data.length >= SHORTEST_DATAGRAM)
          batch.push({ data: found.data, from: found.endpoint, socket: 0 })
        if (broken) break
      }
      this.#counters.received += batch.length
      for (const { data } of batch) this.#counters.receivedBytes += data.length
      if (broken || reader.failed !== undefined) socket.destroy()
      if (batch.length > 0 && this.#socket === socket) this.#incoming.next(batch)
    })
    socket.on('error', () => undefined) // 'close' follows, and says all there is to say
    socket.once('close', () => this.#gone(socket))
  }

  disconnect(): void {
    const socket = this.#socket
    if (socket === undefined) return
    this.#gone(socket)
    socket.destroy()
  }

  send(batch: readonly OutgoingDatagram[]): void {
    const socket = this.#socket
    const counters = this.#counters
    if (socket === undefined || !this.connected) return
    socket.cork()
    for (const { data, to, ttl } of batch) {
      // what is to open a NAT and go no further says nothing here
      if (ttl !== undefined || data.length < SHORTEST_DATAGRAM) continue
      const record = datagramRecord(to, data)
      if (record === undefined) counters.failed++
      else if (socket.writableLength + record.length > MOST_PENDING) counters.droppedFull++
      else {
        socket.write(record)
        counters.sent++
        counters.sentBytes += data.length
      }
    }
    socket.uncork()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.disconnect()
    this.#incoming.complete()
    this.#connected.complete()
  }

  ref(): void {
    this.#held = true
    this.#socket?.ref()
  }

  unref(): void {
    this.#held = false
    this.#socket?.unref()
  }

  #gone(socket: Socket): void {
    if (this.#socket !== socket) return
    this.#socket = undefined
    this.#connected.next(false)
  }
}

/** What the greeting says of us. */
const VERSION = [1, 14, 1] as const
const CONNECT_WITHIN: Millis = 10_000
/** Bytes that may wait for a slow relay; what is more is dropped, as UDP would drop it. */
const MOST_PENDING = 64 << 10
