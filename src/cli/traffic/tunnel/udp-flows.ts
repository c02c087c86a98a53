import { type SchedulerLike, Subscription } from 'rxjs'
import { ignore } from './splice.ts'

/** One client of a UDP service: a socket of its own on the far side, so that answers find their way back. */
export interface Flow {
  send(data: Uint8Array): void
  close(): void
}
/** Opens the far side; `used` is to be called with each answer, so that the flow stays. */
export type OpenFlow<Key> = (client: Key, used: () => void) => Promise<Flow>

interface Entry {
  usedAt: number
  flow: Flow | undefined
  /** Datagrams that came before the far side stood. */
  early: Uint8Array[]
}

/** The clients of a UDP service, told apart by a text; who was silent for longest gives way, or goes by itself after `IDLE`. */
export class UdpFlows<Client> {
  readonly #open: OpenFlow<Client>
  readonly #clock: SchedulerLike
  readonly #most: number
  /** In the order of their last use. */
  readonly #flows = new Map<string, Entry>()
  #alarm = Subscription.EMPTY

  constructor(open: OpenFlow<Client>, clock: SchedulerLike, most: number = MOST_FLOWS) {
    this.#open = open
    this.#clock = clock
    this.#most = most
  }

  get size(): number {
    return this.#flows.size
  }

  send(key: string, client: Client, data: Uint8Array): void {
    const entry = this.#flows.get(key) ?? this.#begin(key, client)
    this.#use(key, entry)
    if (entry.flow !== undefined) entry.flow.send(data)
    else if (entry.early.length < MOST_EARLY) entry.early.push(data)
  }

  close(): void {
    this.#alarm.unsubscribe()
    for (const key of [...this.#flows.keys()]) this.#end(key)
  }

  #begin(key: string, client: Client): Entry {
    const [oldest] = this.#flows.keys()
    if (this.#flows.size >= this.#most && oldest !== undefined) this.#end(oldest)
    const entry: Entry = { usedAt: 0, flow: undefined, early: [] }
    const isHere = (): boolean => this.#flows.get(key) === entry
    const opened = (flow: Flow): void => {
      if (!isHere()) {
        flow.close()
        return
      }
      entry.flow = flow
      for (const data of entry.early.splice(0)) flow.send(data)
    }
    const failed = (): void => {
      if (isHere()) this.#end(key)
    }
    this.#open(client, () => {
      if (isHere()) this.#use(key, entry)
    })
      .then(opened, failed)
      .catch(ignore)
    return entry
  }

  #use(key: string, entry: Entry): void {
    entry.usedAt = this.#clock.now()
    this.#flows.delete(key)
    this.#flows.set(key, entry)
    if (this.#flows.size === 1) this.#arm(IDLE)
  }

  #end(key: string): void {
    this.#flows.get(key)?.flow?.close()
    this.#flows.delete(key)
    if (this.#flows.size === 0) this.#alarm.unsubscribe()
  }

  #arm(after: number): void {
    this.#alarm.unsubscribe()
    this.#alarm = this.#clock.schedule(() => this.#expire(), after)
  }

  #expire(): void {
    const now = this.#clock.now()
    for (const [key, { usedAt }] of this.#flows) {
      const left = usedAt + IDLE - now
      if (left > 0) {
        this.#arm(left)
        return
      }
      this.#end(key)
    }
  }
}

/** Clients of one forwarded UDP port at a time. */
export const MOST_FLOWS = 1_024
/** ms without a datagram either way after which a client is forgotten. */
export const IDLE = 120_000
/** Datagrams of one client that wait for the far side to stand. */
const MOST_EARLY = 16
