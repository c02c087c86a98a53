import { asyncScheduler, type SchedulerLike } from 'rxjs'
import type { Network } from '../../../api/network.ts'
import { type Place, printPlace, type Service } from './host-listener.ts'
import { HostUdp } from './host-udp.ts'
import type { Report } from './report.ts'
import { ignore } from './splice.ts'
import { UdpFlows } from './udp-flows.ts'

/** Datagrams to `listen` on this machine come out at `to` in the virtual network, and the answers go back. */
export const forwardUdp = async (
  network: Network,
  listen: Place,
  to: Place,
  report: Report = ignore,
  clock: SchedulerLike = asyncScheduler,
): Promise<Service> => {
  const flows = new UdpFlows<Place>(async (client, used) => {
    const [host] = await network.resolve(to.host).catch((error: Error) => {
      report({ event: 'connect-failed', to, cause: error.message })
      throw error
    })
    const socket = await network.bind()
    socket.connect({ host: host!, port: to.port })
    socket.messages$.subscribe(({ data }) => {
      used()
      near.send(data, client)
    })
    return {
      // nobody there, not yet there: datagrams may be lost
      send: (data) => void socket.send(data).catch(ignore),
      close: () => void socket.close(),
    }
  }, clock)
  const near = await HostUdp.bind(listen, (data, client) => flows.send(printPlace(client), client, data))
  return serviceOver(flows, near.at, async () => near.close())
}

/** The other way round: datagrams to `listen` in the virtual network come out at `to`, as this machine reaches it. */
export const forwardUdpBack = async (
  network: Network,
  listen: { readonly host?: string; readonly port: number },
  to: Place,
  report: Report = ignore,
  clock: SchedulerLike = asyncScheduler,
): Promise<Service> => {
  const far = await network.bind(listen)
  const flows = new UdpFlows<Place>(async (client, used) => {
    const here = await HostUdp.connect(to, (data) => {
      used()
      void far.send(data, client).catch(ignore)
    }).catch((error: Error) => {
      report({ event: 'connect-failed', to, cause: error.message })
      throw error
    })
    return { send: (data) => here.send(data), close: () => here.close() }
  }, clock)
  far.messages$.subscribe(({ data, from: { address, port } }) => {
    const client = { host: address, port }
    flows.send(printPlace(client), client, data)
  })
  return serviceOver(flows, { host: far.local.address, port: far.local.port }, () => far.close())
}

const serviceOver = (flows: UdpFlows<Place>, at: Place, end: () => Promise<void>): Service => {
  const close = async (): Promise<void> => {
    flows.close()
    await end()
  }
  return {
    at,
    get clients() {
      return flows.size
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
