import { connect as connectOnHost } from 'node:net'
import { createConnection } from '../../../api/adapter/connection.ts'
import { toNetServer } from '../../../api/adapter/net-server.ts'
import type { Network } from '../../../api/network.ts'
import { listenOnHost, MOST_CLIENTS, type Place, type Service } from './host-listener.ts'
import type { Report } from './report.ts'
import { ignore, type Side, splice } from './splice.ts'

/** Connections to `listen` on this machine come out at `to` in the virtual network. */
export const forwardTcp = (network: Network, listen: Place, to: Place, report: Report = ignore): Promise<Service> =>
  listenOnHost(listen, (client) => {
    const far = createConnection(network, { ...to, ...FAR, allowHalfOpen: true })
    reportFailure(far, to, report)
    splice(client, far)
  })

/** The other way round: connections to `listen` in the virtual network come out at `to`, as this machine reaches it. */
export const forwardTcpBack = async (
  network: Network,
  listen: { readonly host?: string; readonly port: number },
  to: Place,
  report: Report = ignore,
): Promise<Service> => {
  const { host, port } = listen
  const server = await network.listen({ port, ...(host === undefined ? {} : { host }), keepAlive: KEEP_ALIVE })
  const clients = new Set<Side>()
  const net = toNetServer(server, { allowHalfOpen: true, maxConnections: MOST_CLIENTS }, (client) => {
    clients.add(client)
    client.once('close', () => clients.delete(client))
    const near = connectOnHost({ ...to, ...NEAR, timeout: CONNECT })
    near.once('timeout', () => near.destroy())
    near.once('connect', () => near.setTimeout(0))
    reportFailure(near, to, report)
    splice(client, near)
  })
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      net.close(() => resolve())
      for (const client of clients) client.resetAndDestroy()
    })
  return {
    at: { host: server.address.address, port: server.address.port },
    get clients() {
      return clients.size
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Only what keeps a connection from standing: how one ends that stood is told to the client. */
const reportFailure = (side: Side, to: Place, report: Report): void => {
  const failed = (error: Error): void => report({ event: 'connect-failed', to, cause: error.message })
  side.once('error', failed)
  side.once('connect', () => side.removeListener('error', failed))
}

/** A connection on which nothing is said for so many ms is asked whether anybody is there. */
const KEEP_ALIVE = { idle: 60_000 }
/** ms until a connection must stand. */
export const CONNECT = 30_000
/** Of connections into the virtual network. */
export const FAR = { timeout: CONNECT, keepAlive: KEEP_ALIVE }
const NEAR = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE.idle }
