import { isIP, type Socket } from 'node:net'
import { type SchedulerLike, Subscription } from 'rxjs'
import type { Network } from '../../../api/network.ts'
import type { UdpSocket } from '../../../api/udp-socket.ts'
import type { Place } from '../tunnel/host-listener.ts'
import { HostUdp } from '../tunnel/host-udp.ts'
import { ignore } from '../tunnel/splice.ts'
import { datagramHeader, readDatagram } from './wire.ts'

/**
 * A client's UDP association (RFC 1928 §7): a socket on either side, between which datagrams go. It is there for one
 * client, the one that speaks from the IP address its connection comes from, and ends with that connection.
 */
export class Association {
  /** Where the client is to send to. */
  readonly at: Place
  readonly #near: HostUdp
  readonly #far: UdpSocket
  #lastUse: number

  private constructor(near: HostUdp, far: UdpSocket, now: number) {
    this.#near = near
    this.#far = far
    this.#lastUse = now
    this.at = near.at
  }

  static async open(network: Network, connection: Socket, said: Place, clock: SchedulerLike): Promise<Association> {
    const host = plain(connection.localAddress ?? '127.0.0.1')
    const clientHost = plain(connection.remoteAddress ?? '')
    // the client may say beforehand which port it will send from
    let client: Place | undefined = said.port === 0 ? undefined : { host: clientHost, port: said.port }
    const far = await network.bind()
    let resolving = 0
    const near = await HostUdp.bind({ host, port: 0 }, (bytes, from) => {
      if (from.host !== clientHost || (client !== undefined && client.port !== from.port)) return
      const datagram = readDatagram(bytes)
      if (datagram === undefined || datagram.to.port === 0) return
      client = from
      association.#used(clock)
      const { to, data } = datagram
      if (isIP(to.host) !== 0) void far.send(data, to).catch(ignore)
      else if (resolving < MOST_RESOLVING) {
        resolving++
        network
          .resolve(to.host)
          .then(([address]) => far.send(data, { host: address!, port: to.port }))
          .catch(ignore)
          .finally(() => resolving--)
      }
    }).catch(async (error: unknown) => {
      await far.close()
      throw error
    })
    const association = new Association(near, far, clock.now())
    far.messages$.subscribe(({ data, from }) => {
      if (client === undefined) return
      association.#used(clock)
      const header = datagramHeader({ host: from.address, port: from.port })
      const bytes = new Uint8Array(header.length + data.length)
      bytes.set(header)
      bytes.set(data, header.length)
      near.send(bytes, client)
    })
    return association
  }

  get lastUse(): number {
    return this.#lastUse
  }

  /** Calls back when nothing was said for `IDLE`. */
  whenIdle(clock: SchedulerLike, then: () => void): Subscription {
    const alarm = new Subscription()
    const arm = (after: number): void => {
      alarm.add(
        clock.schedule(() => {
          const left = this.#lastUse + IDLE - clock.now()
          if (left > 0) arm(left)
          else then()
        }, after),
      )
    }
    arm(IDLE)
    return alarm
  }

  close(): void {
    this.#near.close()
    void this.#far.close()
  }

  #used(clock: SchedulerLike): void {
    this.#lastUse = clock.now()
  }
}

/** A socket for both families writes IPv4 addresses in the form of IPv6. */
const plain = (address: string): string => address.replace(/^::ffff:/, '')

/** ms without a datagram either way after which an association ends. */
export const IDLE = 300_000
/** Datagrams of one association that wait for the addresses of names. */
const MOST_RESOLVING = 16
