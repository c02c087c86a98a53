import { combineLatest, map, merge, Observable, type SchedulerLike, Subject, Subscription } from 'rxjs'
import type { Endpoint, LinkDatagram, LocalSocket, OutgoingDatagram } from '../protocol/datagram.ts'
import { isIpv6 } from '../protocol/kernel/ip.ts'
import type { Millis } from '../protocol/kernel/machine.ts'
import { scope, scopeOfEndpoint } from '../protocol/peer/endpoint.ts'
import {
  type Fallback,
  type FallbackInput,
  type FallbackMode,
  fallback,
  isEngaged,
} from '../protocol/relay/fallback.ts'
import { SHORTEST_DATAGRAM } from '../protocol/relay/framing.ts'
import type { Link } from './link.ts'
import type { RelayLink } from './relay-link.ts'
import { type Live, runMachine } from './run-machine.ts'

/**
 * A link that goes by a relay where it leads nowhere (`docs/protocol/vl1.md`, TCP fall-back relay). The tunnel is one more
 * local socket while it stands, so that what is found by it is used by it, and forgotten with it. `always` never touches
 * `direct`: nothing is bound, nothing goes by UDP.
 */
export const fallbackLink = (direct: Link, relay: RelayLink, mode: FallbackMode, clock: SchedulerLike): Link =>
  mode === 'always' ? tunnelLink(relay, clock, direct) : new FallbackLink(direct, relay, clock)

/** The tunnel as a link of its own, which stands from the first use on. `instead` is the link it replaces. */
export const tunnelLink = (relay: RelayLink, clock: SchedulerLike, instead?: Link): Link => {
  const control = new Control(relay, 'always', clock)
  return {
    name: relay.name,
    allowLoopback: instead?.allowLoopback ?? true,
    incoming$: control.onUse(relay.incoming$.pipe(map(tunneled))),
    local$: control.onUse(relay.connected$.pipe(map((up) => (up ? [TUNNEL_SOCKET] : [])))),
    send: (batch) => {
      if (relay.connected) relay.send(batch.filter(({ to }) => !isIpv6(to.address)))
    },
    close: async () => {
      control.end()
      await Promise.all([relay.close(), instead?.close()])
    },
    ref: () => relay.ref?.(),
    unref: () => relay.unref?.(),
  }
}

class FallbackLink implements Link {
  readonly name: string
  readonly allowLoopback: boolean
  readonly incoming$: Observable<readonly LinkDatagram[]>
  readonly local$: Observable<readonly LocalSocket[]>
  readonly #direct: Link
  readonly #relay: RelayLink
  readonly #clock: SchedulerLike
  readonly #control: Control
  #heardLook: Millis = Number.NEGATIVE_INFINITY
  #sentLook: Millis = Number.NEGATIVE_INFINITY

  constructor(direct: Link, relay: RelayLink, clock: SchedulerLike) {
    this.#direct = direct
    this.#relay = relay
    this.#clock = clock
    this.#control = new Control(relay, 'auto', clock)
    this.name = `${direct.name}+${relay.name}`
    this.allowLoopback = direct.allowLoopback ?? false
    const own$ = direct.incoming$.pipe(map((batch) => this.#heard(batch)))
    this.incoming$ = this.#control.onUse(merge(own$, relay.incoming$.pipe(map(tunneled))))
    this.local$ = this.#control.onUse(
      combineLatest([direct.local$, relay.connected$]).pipe(map(([own, up]) => (up ? [...own, TUNNEL_SOCKET] : own))),
    )
  }

  send(batch: readonly OutgoingDatagram[]): void {
    this.#noteSending(batch)
    if (!this.#relay.connected) {
      this.#direct.send(batch)
      return
    }
    const engaged = isEngaged(this.#control.state, this.#clock.now())
    const own: OutgoingDatagram[] = []
    const other: OutgoingDatagram[] = []
    for (const datagram of batch) {
      if (datagram.socket !== TUNNEL) own.push(datagram)
      // what goes everywhere goes by the tunnel too, so that UDP is found again when it works again
      if (datagram.socket === TUNNEL || (datagram.socket === undefined && engaged && this.#isCarried(datagram)))
        other.push(datagram)
    }
    if (own.length > 0) this.#direct.send(own)
    if (other.length > 0) this.#relay.send(other)
  }

  async close(): Promise<void> {
    this.#control.end()
    await Promise.all([this.#direct.close(), this.#relay.close()])
  }

  ref(): void {
    this.#direct.ref?.()
    this.#relay.ref?.()
  }

  unref(): void {
    this.#direct.unref?.()
    this.#relay.unref?.()
  }

  /** Looks at one batch in so many ms: the rules count in seconds, and addresses are read as text. */
  #heard(batch: readonly LinkDatagram[]): readonly LinkDatagram[] {
    const now = this.#clock.now()
    if (now - this.#heardLook < LOOK_EVERY) return batch
    if (!batch.some(({ data, from }) => data.length >= SHORTEST_DATAGRAM && this.#isFar(from))) return batch
    this.#heardLook = now
    this.#control.tell({ _tag: 'Heard' })
    return batch
  }

  #noteSending(batch: readonly OutgoingDatagram[]): void {
    const now = this.#clock.now()
    if (now - this.#sentLook < LOOK_EVERY || !batch.some((datagram) => this.#isCarried(datagram))) return
    this.#sentLook = now
    this.#control.tell({ _tag: 'Sent' })
  }

  #isCarried({ data, to, ttl }: OutgoingDatagram): boolean {
    return ttl === undefined && data.length >= SHORTEST_DATAGRAM && !isIpv6(to.address) && this.#isFar(to)
  }

  #isFar(endpoint: Endpoint): boolean {
    const reach = scopeOfEndpoint(endpoint)
    return reach === scope.global || (reach === scope.loopback && this.allowLoopback)
  }
}

/** Runs the rules of the fall-back over a relay, from the first use on. */
class Control {
  readonly #relay: RelayLink
  readonly #input = new Subject<FallbackInput>()
  readonly #running = new Subscription()
  readonly #machine
  readonly #live: Live<Fallback>
  readonly #clock: SchedulerLike
  #begun = false

  constructor(relay: RelayLink, mode: FallbackMode, clock: SchedulerLike) {
    this.#relay = relay
    this.#clock = clock
    this.#machine = fallback(mode)
    this.#live = { state: this.#machine.initial }
  }

  get state(): Fallback {
    return this.#live.state
  }

  tell(input: FallbackInput): void {
    this.#input.next(input)
  }

  onUse<T>(source: Observable<T>): Observable<T> {
    return new Observable((out) => {
      const subscription = source.subscribe(out)
      this.#begin()
      return subscription
    })
  }

  end(): void {
    this.#running.unsubscribe()
  }

  #begin(): void {
    if (this.#begun) return
    this.#begun = true
    const relay = this.#relay
    this.#running.add(
      this.#input
        .pipe(runMachine(this.#machine, this.#clock, this.#live))
        .subscribe((deed) => (deed._tag === 'Connect' ? relay.connect() : relay.disconnect())),
    )
    this.#running.add(relay.connected$.subscribe((up) => this.tell(up ? { _tag: 'Connected' } : { _tag: 'Lost' })))
  }
}

const tunneled = (batch: readonly LinkDatagram[]): readonly LinkDatagram[] =>
  batch.map(({ data, from }) => ({ data, from, socket: TUNNEL }))

/** Apart from those of any other link, which count from 0. */
const TUNNEL = -1
const TUNNEL_SOCKET: LocalSocket = { address: '0.0.0.0', port: 0, socket: TUNNEL, tunnel: true }
const LOOK_EVERY: Millis = 500
