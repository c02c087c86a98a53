import type { Observable } from 'rxjs'
import type { LinkDatagram, LocalSocket, OutgoingDatagram } from '../protocol/datagram.ts'

/**
 * A physical transport: what carries datagrams between nodes. It speaks in batches, for speed, and users may write
 * their own.
 */
export interface Link {
  readonly name: string
  /** The datagrams of one event-loop turn. The receiver owns their bytes. */
  readonly incoming$: Observable<readonly LinkDatagram[]>
  /** Best effort; never throws. Without `socket` a datagram leaves from every local socket of its family. */
  send(batch: readonly OutgoingDatagram[]): void
  /** The bound sockets: the current ones on subscription, then each change. Errors if nothing can be bound. */
  readonly local$: Observable<readonly LocalSocket[]>
  close(): Promise<void>
  /** Whether loopback addresses count as physical endpoints (own planets on one machine). */
  readonly allowLoopback?: boolean
  /** What was sent and received, and what was lost on this side of the wire. */
  readonly stats?: LinkStats
  /** Whether open sockets keep the process alive. */
  ref?(): void
  unref?(): void
}

export interface LinkStats {
  readonly received: number
  readonly receivedBytes: number
  readonly sent: number
  readonly sentBytes: number
  /** Not sent because the send queue of the socket was full. */
  readonly droppedFull: number
  /** Refused by the operating system. */
  readonly failed: number
}
