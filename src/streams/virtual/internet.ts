import { type Observable, type SchedulerLike, Subject, Subscription } from 'rxjs'
import type { Endpoint } from '../../protocol/datagram.ts'
import type { IpAddress } from '../../protocol/kernel/ip.ts'
import type { Link } from '../link.ts'
import { runMachine } from '../run-machine.ts'
import { type MemoryLink, memoryLink } from './memory-link.ts'
import { type HostId, type SegmentId, type WireInput, wire } from './wire.ts'

/** A datagram as it was put on the wire. */
export interface VirtualDatagram {
  readonly at: number
  readonly from: Endpoint
  readonly to: Endpoint
  /** A copy. */
  readonly data: Uint8Array
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

  /** A link for a new host at `address` in a segment. */
  plug(address: IpAddress, port: number, segment: SegmentId): Link {
    const host = this.#next++
    const link = memoryLink(
      address,
      port,
      (batch) => {
        if (this.#tap.observed)
          for (const { data, to } of batch)
            this.#tap.next({ at: this.#clock.now(), from: { address, port }, to, data: data.slice() })
        this.#input.next({ _tag: 'Send', host, port, batch })
      },
      () => {
        this.#links.delete(host)
        this.#input.next({ _tag: 'Detach', host })
      },
    )
    this.#links.set(host, link)
    this.#input.next({ _tag: 'Attach', host, address, segment })
    return link
  }

  end(): void {
    this.#running.unsubscribe()
    this.#tap.complete()
  }
}
