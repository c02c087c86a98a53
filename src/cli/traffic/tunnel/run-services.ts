import type { Call } from '../../command.ts'
import type { OpenNetwork } from '../../open-network.ts'
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
      network.state$.subscribe({ complete: resolve })
      node.closed.then(resolve, reject)
    })
    return signal.aborted ? 0 : 1
  } finally {
    for (const service of services) await service.close()
    await opened[Symbol.asyncDispose]()
  }
}
