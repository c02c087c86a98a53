import { BehaviorSubject, Subject } from 'rxjs'
import type { LinkDatagram, LocalSocket, OutgoingDatagram } from '../../protocol/datagram.ts'
import type { IpAddress } from '../../protocol/kernel/ip.ts'
import type { Link } from '../link.ts'
import { SOCKET } from './wire.ts'

/** The end of a link that the network holds. */
export interface MemoryLink extends Link {
  readonly deliver: (batch: readonly LinkDatagram[]) => void
}

/** A link without an operating system: what is sent goes to `send`, what `deliver` is given comes in. */
export const memoryLink = (
  address: IpAddress,
  port: number,
  send: (batch: readonly OutgoingDatagram[]) => void,
  closed: () => void,
): MemoryLink => {
  const incoming = new Subject<readonly LinkDatagram[]>()
  const local = new BehaviorSubject<readonly LocalSocket[]>([{ socket: SOCKET, address, port }])
  let ended = false
  return {
    name: `memory ${address}`,
    incoming$: incoming.asObservable(),
    local$: local.asObservable(),
    send,
    deliver: (batch) => incoming.next(batch),
    close: async () => {
      if (ended) return
      ended = true
      incoming.complete()
      local.complete()
      closed()
    },
  }
}
