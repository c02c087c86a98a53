import { createSocket, type Socket } from 'node:dgram'
import type { OutgoingDatagram } from '../../protocol/datagram.ts'
import { type IpAddress, isIpv6 } from '../../protocol/kernel/ip.ts'

export type Received = (data: Uint8Array, address: IpAddress, port: number, socket: number) => void

/** What `send` counts for the link. */
export interface SendCounters {
  sent: number
  sentBytes: number
  droppedFull: number
  failed: number
}

/** One bound UDP socket, known to the protocol by its number. */
export class UdpPort {
  readonly socket: number
  readonly address: IpAddress
  readonly number: number
  readonly v6: boolean
  readonly #dgram: Socket
  readonly #counters: SendCounters
  #closing: Promise<void> | undefined

  private constructor(socket: number, address: IpAddress, dgram: Socket, counters: SendCounters) {
    this.socket = socket
    this.address = address
    this.number = dgram.address().port
    this.v6 = isIpv6(address)
    this.#dgram = dgram
    this.#counters = counters
  }

  /** Rejects with the system's error if the address or port cannot be had. */
  static open(
    socket: number,
    address: IpAddress,
    port: number,
    receiveBuffer: number,
    received: Received,
    counters: SendCounters,
  ): Promise<UdpPort> {
    const v6 = isIpv6(address)
    const family = v6 ? 6 : 4
    const dgram = createSocket({
      type: v6 ? 'udp6' : 'udp4',
      ipv6Only: v6,
      recvBufferSize: receiveBuffer,
      sendBufferSize: SEND_BUFFER,
      // we send to literal addresses only: skips the resolver and a turn of the loop for each datagram
      lookup: (host, _options, done) => done(null, host, family),
    })
    return new Promise((resolve, reject) => {
      const refused = (error: Error): void => {
        dgram.close()
        reject(error)
      }
      dgram.once('error', refused)
      dgram.bind({ address, port, exclusive: true }, () => {
        dgram.off('error', refused)
        const opened = new UdpPort(socket, address, dgram, counters)
        // errors of single sends (unreachable networks, full buffers) say nothing about the socket
        dgram.on('error', () => {
          counters.failed++
        })
        dgram.on('message', (data, from) => {
          // a zone index means a link-local sender, which never is a path
          if (v6 && from.address.includes('%')) return
          received(new Uint8Array(data.buffer, data.byteOffset, data.length), from.address, from.port, socket)
        })
        resolve(opened)
      })
    })
  }

  send(datagram: OutgoingDatagram): void {
    const counters = this.#counters
    if (this.#closing !== undefined) return
    const { data, to, ttl } = datagram
    if (this.#dgram.getSendQueueSize() > MOST_QUEUED) {
      counters.droppedFull++
      return
    }
    try {
      if (ttl !== undefined) this.#dgram.setTTL(ttl)
      this.#dgram.send(data, to.port, to.address)
      if (ttl !== undefined) this.#dgram.setTTL(DEFAULT_TTL)
      counters.sent++
      counters.sentBytes += data.length
    } catch {
      counters.failed++
    }
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => this.#dgram.close(() => resolve()))
    return this.#closing
  }

  ref(): void {
    this.#dgram.ref()
  }

  unref(): void {
    this.#dgram.unref()
  }
}

const SEND_BUFFER = 4 << 20
/** Bytes that may wait for the kernel in one socket: beyond it the network is slower than we are, and drops are honest. */
const MOST_QUEUED = 8 << 20
const DEFAULT_TTL = 64
