import { createSocket, type Socket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { bound, type Place } from './host-listener.ts'
import { ignore } from './splice.ts'

export type OnDatagram = (data: Uint8Array, from: Place) => void

/** A UDP socket of this machine. What does not fit into the kernel's queue is lost, as datagrams may be. */
export class HostUdp {
  readonly at: Place
  readonly #socket: Socket

  private constructor(socket: Socket) {
    this.#socket = socket
    const { address, port } = socket.address()
    this.at = { host: address, port }
    // of a datagram that found nobody
    socket.on('error', ignore)
  }

  /** Bound to a place. @throws {NodeError} `ERR_ZT_BIND` */
  static async bind(at: Place, onDatagram: OnDatagram): Promise<HostUdp> {
    const socket = socketFor(at.host)
    try {
      await bound(at, (done) => {
        socket.once('error', done)
        socket.bind({ address: at.host, port: at.port, exclusive: true }, () => {
          socket.removeListener('error', done)
          done()
        })
      })
    } catch (error) {
      socket.close()
      throw error
    }
    socket.on('message', (data, { address, port }) => onDatagram(data, { host: address, port }))
    return new HostUdp(socket)
  }

  /** That speaks with one place alone, which may be a name. */
  static async connect(to: Place, onDatagram: OnDatagram): Promise<HostUdp> {
    const { address } = await lookup(to.host)
    const socket = socketFor(address)
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.connect(to.port, address, () => {
        socket.removeListener('error', reject)
        resolve()
      })
    }).catch((error: unknown) => {
      socket.close()
      throw error
    })
    socket.on('message', (data) => onDatagram(data, to))
    return new HostUdp(socket)
  }

  /** `to`: unless the socket is connected. */
  send(data: Uint8Array, to?: Place): void {
    if (this.#socket.getSendQueueSize() > MOST_UNSENT) return
    if (to === undefined) this.#socket.send(data, ignore)
    else this.#socket.send(data, to.port, to.host, ignore)
  }

  close(): void {
    this.#socket.close()
  }
}

const socketFor = (host: string): Socket =>
  createSocket(isIP(host) === 6 ? { type: 'udp6', ipv6Only: true } : { type: 'udp4' })

/** Bytes that may wait for the kernel. */
const MOST_UNSENT = 1024 * 1024
