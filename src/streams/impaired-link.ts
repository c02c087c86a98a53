import type { SchedulerLike, Subscription } from 'rxjs'
import type { Endpoint, OutgoingDatagram } from '../protocol/datagram.ts'
import type { Millis } from '../protocol/kernel/machine.ts'
import { seededRandom, uniform } from '../protocol/kernel/rng.ts'
import { systemClock } from './io/clock.ts'
import type { Link } from './link.ts'

/** Bad weather on the way out of a link. Put one on both ends for both directions. */
export interface Impairment {
  /** One-way delay in ms. Order is kept. */
  readonly latency?: Millis
  /** Share of datagrams that vanish, 0…1, each by its own chance. */
  readonly loss?: number
  /** Endpoints that are never reached. */
  readonly block?: (to: Endpoint) => boolean
  /** Which chances: the same seed loses the same datagrams of the same sequence. Default 1. */
  readonly seed?: number
}

/**
 * A link with loss, delay and blocked endpoints, for benchmarks and tests over real sockets. Simulated networks have
 * weather of their own. What is on its way is bounded by `MOST` datagrams; beyond that the newest is lost, like in any queue.
 */
export const impairedLink = (
  link: Link,
  { latency = 0, loss = 0, block, seed = 1 }: Impairment,
  clock: SchedulerLike = systemClock(),
): Link => {
  const random = seededRandom(seed)
  const under: { readonly at: Millis; readonly batch: readonly OutgoingDatagram[] }[] = []
  let held = 0
  let alarm: Subscription | undefined
  const release = (): void => {
    alarm = undefined
    const now = clock.now()
    let ripe = 0
    while (ripe < under.length && under[ripe]!.at <= now) ripe++
    for (const { batch } of under.splice(0, ripe)) {
      held -= batch.length
      link.send(batch)
    }
    arm()
  }
  const arm = (): void => {
    const first = under[0]
    if (alarm === undefined && first !== undefined) alarm = clock.schedule(release, Math.max(0, first.at - clock.now()))
  }
  const survives = ({ to }: OutgoingDatagram): boolean =>
    !(block?.(to) ?? false) && (loss === 0 || uniform(random) >= loss)

  return {
    name: `impaired ${link.name}`,
    incoming$: link.incoming$,
    local$: link.local$,
    ...(link.allowLoopback === undefined ? {} : { allowLoopback: link.allowLoopback }),
    ...(link.ref === undefined ? {} : { ref: () => link.ref?.() }),
    ...(link.unref === undefined ? {} : { unref: () => link.unref?.() }),
    send: (batch) => {
      const alive = loss === 0 && block === undefined ? batch : batch.filter(survives)
      if (alive.length === 0) return
      if (latency === 0) return link.send(alive)
      if (held + alive.length > MOST) return
      held += alive.length
      under.push({ at: clock.now() + latency, batch: alive })
      arm()
    },
    close: () => {
      alarm?.unsubscribe()
      under.length = 0
      return link.close()
    },
  }
}

/** Datagrams under way at once: a second of 0.7 Gbit/s. */
const MOST = 65_536
