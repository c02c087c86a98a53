import type { Call } from '../../command.ts'
import { CommandFailure } from '../../failure.ts'
import type { OpenNetwork } from '../../open-network.ts'
import { connectFailure } from './connect-failure.ts'
import type { Service } from './host-listener.ts'
import type { Report } from './report.ts'

/** Says what clients meet: with `-v`, or as JSON lines. */
export const reporter =
  ({ out }: Call): Report =>
  (event) => {
    out.document(event)
    const to = 'to' in event ? `${event.to.host}:${event.to.port}: ` : ''
    out.detail(`${event.event} ${to}${event.cause}`)
  }

/**
 * Starts services on an opened network, and lets them run until the command is interrupted or the network ends. What has
 * been started is closed whatever happens, and the network given back.
 */
export const runServices = async (
  { io }: Call,
  { network, node, ...opened }: OpenNetwork,
  start: (keep: (service: Service) => void) => Promise<void>,
): Promise<number> => {
  const signal = io.interrupted()
  const services: Service[] = []
  try {
    await start((service) => services.push(service))
    await new Promise<void>((resolve, reject) => {
      if (signal.aborted) resolve()
      signal.addEventListener('abort', () => resolve(), { once: true })
      node.closed.then(resolve, reject)
      // the network goes with its node, which then says why
      network.state$.subscribe({ complete: () => setImmediate(reject, left(network.id)) })
    })
    return 0
  } catch (error) {
    throw connectFailure(error)
  } finally {
    for (const service of services) await service.close()
    await opened[Symbol.asyncDispose]()
  }
}

const left = (id: string): CommandFailure =>
  new CommandFailure(`network ${id} was left`, 'join it again, and start the command anew', 1)
