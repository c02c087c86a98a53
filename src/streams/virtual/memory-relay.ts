import { BehaviorSubject, type SchedulerLike, Subject, Subscription } from 'rxjs'
import type { LinkDatagram } from '../../protocol/datagram.ts'
import type { Millis } from '../../protocol/kernel/machine.ts'
import type { Link } from '../link.ts'
import type { RelayLink } from '../relay-link.ts'

/**
 * A TCP relay without TCP: nothing is lost or overtaken on the way to it, which takes `latency` each way. While the
 * connection stands, the relay speaks for the node by `plug`, a link of its own. Without `plug` nobody answers.
 */
export const memoryRelay = (plug: (() => Link) | undefined, latency: Millis, clock: SchedulerLike): RelayLink => {
  const incoming = new Subject<readonly LinkDatagram[]>()
  const connected = new BehaviorSubject(false)
  let connection = new Subscription()
  let far: Link | undefined
  const open = (): void => {
    far = plug?.()
    if (far === undefined) {
      connected.next(false)
      return
    }
    const here = connection
    here.add(far.incoming$.subscribe((batch) => here.add(clock.schedule(() => incoming.next(batch), latency))))
    connected.next(true)
  }
  const disconnect = (): void => {
    connection.unsubscribe()
    connection = new Subscription()
    void far?.close()
    far = undefined
    if (connected.value) connected.next(false)
  }
  return {
    name: 'memory relay',
    incoming$: incoming.asObservable(),
    connected$: connected.asObservable(),
    get connected() {
      return connected.value
    },
    connect: () => {
      if (far === undefined) connection.add(clock.schedule(open, 2 * latency))
    },
    disconnect,
    send: (batch) => {
      const out = batch.map(({ data, to }) => ({ data, to }))
      connection.add(clock.schedule(() => far?.send(out), latency))
    },
    close: async () => {
      disconnect()
      incoming.complete()
      connected.complete()
    },
  }
}
