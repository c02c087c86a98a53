import type { Millis } from '../../protocol/kernel/machine.ts'
import type { ZtEvent } from '../event.ts'
import type { NodeId } from '../public-id.ts'

/** What happened last to the nodes of a virtual network, for whoever wonders why a test did not go as it should. */
export class Timeline {
  readonly #start: Millis
  readonly #lines: string[] = []
  #left = 0

  /** `start` is where its times count from. */
  constructor(start: Millis) {
    this.#start = start
  }

  add(now: Millis, node: NodeId, event: ZtEvent): void {
    const at = `${(now - this.#start).toFixed(1)} ms`.padStart(13)
    this.#lines.push(`${at}  ${node}  ${event.type}${about(event)}`)
    if (this.#lines.length <= MOST_LINES) return
    this.#lines.shift()
    this.#left++
  }

  /** A line for each event: when, at which node, what, and whom or what it is about. */
  toString(): string {
    const before = this.#left === 0 ? [] : [`… ${this.#left} events before`]
    return [...before, ...this.#lines].join('\n')
  }
}

const about = (event: ZtEvent): string => {
  if ('path' in event) return ` ${event.peer.id} at ${event.path.endpoint.address} ${event.path.endpoint.port}`
  if ('peer' in event) return ` ${event.peer.id}`
  if ('network' in event) return ` ${event.network.id}`
  if ('route' in event) return ` ${event.route.target.address}/${event.route.target.bits}`
  if ('address' in event) return ` ${typeof event.address === 'string' ? event.address : event.address.address}`
  return 'error' in event ? `: ${event.error.message}` : ''
}

const MOST_LINES = 60
