import { once } from 'node:events'
import { asyncScheduler, type SchedulerLike, Subscription } from 'rxjs'
import type { Network } from '../../../api/network.ts'
import type { UdpSocket } from '../../../api/udp-socket.ts'
import type { NetcatEnds, NetcatTarget } from './netcat-tcp.ts'

/**
 * Datagrams: what is read from stdin goes to the other end, what comes from it to stdout. To listen, the first that comes
 * says who the other end is. Nothing ends it but `idle` and the signal.
 */
export const netcatUdp = async (
  network: Network,
  { stdin, stdout, signal }: NetcatEnds,
  { host, port, idle, listen = false }: NetcatTarget & { readonly listen?: boolean },
  clock: SchedulerLike = asyncScheduler,
): Promise<void> => {
  const socket = await network.bind(listen ? { port, ...(host === undefined ? {} : { host }) } : {})
  let alarm = Subscription.EMPTY
  let met = false
  try {
    await new Promise<void>((resolve, reject) => {
      const heard = (): void => {
        if (idle === undefined) return
        alarm.unsubscribe()
        alarm = clock.schedule(() => resolve(), idle)
      }
      const meet = (to: { readonly host: string; readonly port: number }): void => {
        met = true
        socket.connect(to)
        heard()
        write().catch(reject)
      }
      const write = async (): Promise<void> => {
        for await (const chunk of stdin) {
          await send(socket, chunk as Uint8Array)
          heard()
        }
      }
      const read = async (): Promise<void> => {
        for await (const { data, from } of socket) {
          if (!met) meet({ host: from.address, port: from.port })
          heard()
          if (!stdout.write(data)) await once(stdout, 'drain')
        }
        resolve()
      }
      signal.addEventListener('abort', () => resolve(), { once: true })
      read().catch(reject)
      if (!listen) network.resolve(host ?? '', { signal }).then(([address]) => meet({ host: address!, port }), reject)
    })
  } finally {
    alarm.unsubscribe()
    stdin.destroy()
    await socket.close()
  }
}

const send = async (socket: UdpSocket, bytes: Uint8Array): Promise<void> => {
  for (let at = 0; at < bytes.length; at += MOST_DATAGRAM) await socket.send(bytes.subarray(at, at + MOST_DATAGRAM))
}

/** Bytes of stdin that make one datagram, as with other programs of this name. */
const MOST_DATAGRAM = 16_384
