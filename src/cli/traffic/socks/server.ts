import type { Socket } from 'node:net'
import { asyncScheduler, type SchedulerLike } from 'rxjs'
import { toDuplex } from '../../../api/adapter/to-duplex.ts'
import type { Network } from '../../../api/network.ts'
import { connectFor } from '../tunnel/connect-for.ts'
import { listenOnHost, type Place, type Service } from '../tunnel/host-listener.ts'
import type { Login } from '../tunnel/login.ts'
import type { Report } from '../tunnel/report.ts'
import { ignore, splice } from '../tunnel/splice.ts'
import { Association } from './associate.ts'
import { ByteReader } from './byte-reader.ts'
import { handshake } from './handshake.ts'
import { COMMAND, REPLY, reply, replyTo } from './wire.ts'

export interface SocksOptions {
  /** Clients have to name them. */
  readonly login?: Login | undefined
  readonly report?: Report
  readonly clock?: SchedulerLike
}

/**
 * A SOCKS5 proxy into a virtual network (RFC 1928): CONNECT and UDP ASSOCIATE, names resolved by the network. Who says
 * nothing is cut off, who waits for a connection may go at any time.
 */
export const socksProxy = (network: Network, listen: Place, options: SocksOptions = {}): Promise<Service> => {
  const { login, report = ignore, clock = asyncScheduler } = options
  /** In no order: each knows when it was used. */
  const associations = new Map<Association, Socket>()

  const connect = async (client: Socket, to: Place): Promise<void> => {
    try {
      const far = await connectFor(client, network, to)
      const { address, port } = far.local
      client.write(reply(REPLY.succeeded, { host: address, port }))
      splice(client, toDuplex(far, { allowHalfOpen: true }))
    } catch (error) {
      if (client.destroyed) return
      const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
      if (error instanceof Error) report({ event: 'connect-failed', to, cause: error.message })
      turnAway(client, reply(replyTo(code)))
    }
  }

  const associate = async (client: Socket, said: Place): Promise<void> => {
    const made = await Association.open(network, client, said, clock).catch(() => undefined)
    if (made === undefined || client.destroyed) {
      made?.close()
      turnAway(client, reply(REPLY.failed))
      return
    }
    // the one that was silent for longest makes room
    if (associations.size >= MOST_ASSOCIATIONS) {
      const [, silent] = [...associations].reduce((a, b) => (b[0].lastUse < a[0].lastUse ? b : a))
      silent.destroy()
    }
    associations.set(made, client)
    const alarm = made.whenIdle(clock, () => client.destroy())
    client.once('close', () => {
      alarm.unsubscribe()
      associations.delete(made)
      made.close()
    })
    client.write(reply(REPLY.succeeded, made.at))
    // nothing more is said on the connection; its end is the end of the association
    client.once('end', () => client.end())
    client.resume()
  }

  const serve = async (client: Socket): Promise<void> => {
    const late = clock.schedule(() => client.destroy(), HANDSHAKE)
    const reader = new ByteReader(client)
    const request = await handshake(reader, (bytes) => client.write(bytes), login)
    reader.release()
    late.unsubscribe()
    if (request === undefined) turnAway(client)
    else if (request.command === COMMAND.connect) await connect(client, request.to)
    else if (request.command === COMMAND.associate) await associate(client, request.to)
    else turnAway(client, reply(REPLY.noSuchCommand))
  }

  return listenOnHost(listen, (client) => void serve(client).catch(() => client.destroy()))
}

/** Says the last word, and hangs up. */
const turnAway = (client: Socket, word?: Uint8Array): void => {
  // what it said too early would make the system reset the connection before the word is read
  client.resume()
  if (word !== undefined) client.end(word)
  client.destroySoon()
}

/** ms for all that a client has to say before it is served. */
export const HANDSHAKE = 30_000
/** UDP associations of one proxy at a time. */
const MOST_ASSOCIATIONS = 256
