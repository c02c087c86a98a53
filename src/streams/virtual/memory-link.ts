import { BehaviorSubject, Subject } from 'rxjs'
import type { LinkDatagram, LocalSocket, OutgoingDatagram } from '../../protocol/datagram.ts'
import type { Link } from '../link.ts'

/** The end of a link that the network holds. */
export interface MemoryLink extends Link {
  readonly deliver: (batch: readonly LinkDatagram[]) => void
  /** The host has other addresses from now on. */
  readonly rebind: (sockets: readonly LocalSocket[]) => void
}

/** A link without an operating system: what is sent goes to `send`, what `deliver` is given comes in. */
export const memoryLink = (
  sockets: readonly LocalSocket[],
  send: (batch: readonly OutgoingDatagram[]) => void,
  closed: () => void,
): MemoryLink => {
  const incoming = new Subject<readonly LinkDatagram[]>()
  const local = new BehaviorSubject<readonly LocalSocket[]>(sockets)
  let ended = false
  return {
    name: `memory ${sockets.map(({ address }) => address).join(' ')}`,
    incoming$: incoming.asObservable(),
    local$: local.asObservable(),
    send,
    deliver: (batch) => incoming.next(batch),
    rebind: (after) => local.next(after),
    close: async () => {
      if (ended) return
      ended = true
      incoming.complete()
      local.complete()
      closed()
    },
  }
}
