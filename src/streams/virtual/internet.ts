import { type Observable, type SchedulerLike, Subject, Subscription } from 'rxjs'
import type { Endpoint, LocalSocket } from '../../protocol/datagram.ts'
import { type IpAddress, isIpv6 } from '../../protocol/kernel/ip.ts'
import type { Link } from '../link.ts'
import { runMachine } from '../run-machine.ts'
import { type MemoryLink, memoryLink } from './memory-link.ts'
import { type HostId, type SegmentId, SOCKET, type WireInput, wire } from './wire.ts'

/** A datagram as it was put on the wire. */
export interface VirtualDatagram {
  readonly at: number
  readonly from: Endpoint
  readonly to: Endpoint
  /** A copy. */
  readonly data: Uint8Array
}

/** One address of a host, in a segment. */
export interface Plug {
  readonly address: IpAddress
  readonly segment: SegmentId
}

export interface PluggedLink extends Link {
  /** The host is elsewhere from now on: sockets whose address it keeps stay, the others are new. */
  readonly move: (plugs: readonly Plug[]) => void
}

/** The simulated wire, running, and the links plugged into it. */
export class VirtualInternet {
  readonly wire$: Observable<VirtualDatagram>
  readonly #clock: SchedulerLike
  readonly #input = new Subject<WireInput>()
  readonly #tap = new Subject<VirtualDatagram>()
  readonly #links = new Map<HostId, MemoryLink>()
  readonly #running = new Subscription()
  #next = 1

  constructor(seed: number, clock: SchedulerLike) {
    this.#clock = clock
    this.wire$ = this.#tap.asObservable()
    this.#running.add(
      this.#input
        .pipe(runMachine(wire(seed), clock))
        .subscribe(({ host, batch }) => this.#links.get(host)?.deliver(batch)),
    )
  }

  tell(input: WireInput): void {
    this.#input.next(input)
  }

  /** A link for a new host that has these addresses. */
  plug(port: number, plugs: readonly Plug[]): PluggedLink {
    const host = this.#next++
    let next = SOCKET
    let sockets: readonly (LocalSocket & Plug)[] = []
    const bind = (wanted: readonly Plug[]): void => {
      const before = sockets
      sockets = wanted.map(
        ({ address, segment }) =>
          before.find((one) => one.address === address && one.segment === segment) ?? {
            address,
            segment,
            port,
            socket: next++,
          },
      )
      for (const { socket } of before.filter((one) => !sockets.includes(one)))
        this.tell({ _tag: 'Detach', host, socket })
      for (const { socket, address, segment } of sockets.filter((one) => !before.includes(one)))
        this.tell({ _tag: 'Attach', host, address, segment, socket })
    }
    bind(plugs)
    const link = memoryLink(
      sockets,
      (batch) => {
        if (this.#tap.observed)
          for (const { data, to, socket } of batch)
            for (const { address, socket: own } of sockets)
              if (isIpv6(address) === isIpv6(to.address) && (socket ?? own) === own)
                this.#tap.next({ at: this.#clock.now(), from: { address, port }, to, data: data.slice() })
        this.tell({ _tag: 'Send', host, port, batch })
      },
      () => {
        this.#links.delete(host)
        this.tell({ _tag: 'Detach', host })
      },
    )
    this.#links.set(host, link)
    const move = (plugs: readonly Plug[]): void => {
      bind(plugs)
      if (this.#links.has(host)) link.rebind(sockets)
    }
    return { ...link, move }
  }

  end(): void {
    this.#running.unsubscribe()
    this.#tap.complete()
  }
}
