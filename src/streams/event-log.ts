import { Observable, Subject } from 'rxjs'
import type { Millis } from '../protocol/kernel/machine.ts'
import type { ZtEvent } from './event.ts'

/**
 * The events of a node: hot, in order, complete after `node/down` or `node/fatal`. A node starts before anybody can
 * subscribe, so what happens until the first subscription is kept for it (bounded, newest dropped), but not for ever:
 * most programs never subscribe.
 */
export class EventLog {
  readonly event$: Observable<ZtEvent>
  /** The same for onlookers of our own, who do not count as subscribers. */
  readonly aside$ = new Subject<ZtEvent>()
  readonly #live = new Subject<ZtEvent>()
  #early: ZtEvent[] | undefined = []

  constructor() {
    this.event$ = new Observable((out) => {
      const early = this.#early ?? []
      this.#early = undefined
      for (const event of early) out.next(event)
      return this.#live.subscribe(out)
    })
  }

  add(event: ZtEvent): void {
    this.aside$.next(event)
    if (this.#early === undefined) this.#live.next(event)
    else if (event.at - (this.#early[0] ?? event).at > EARLY_KEPT) this.#early = undefined
    else if (this.#early.length < MOST_EARLY) this.#early.push(event)
  }

  end(): void {
    this.#live.complete()
    this.aside$.complete()
  }
}

const MOST_EARLY = 1024
const EARLY_KEPT: Millis = 60_000
