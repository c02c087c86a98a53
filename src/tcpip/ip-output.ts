import type { SocketErrorCode } from './stack-io.ts'

/**
 * An IP address inside the stack: bytes for headers, canonical text as the key, family to branch on.
 * Interned by the stack, so two equal addresses met on the packet path are mostly the same object.
 */
export interface Ip {
  readonly family: 4 | 6
  readonly bytes: Uint8Array
  readonly text: string
}

/** A transport flow as the IP layer sees it. `cache` belongs to the IP layer (route, neighbour). */
export interface Flow {
  readonly local: Ip
  readonly remote: Ip
  readonly protocol: number
  ttl: number
  tos: number
  cache: unknown
}

/**
 * What a transport needs of IP. Buffers are handed out with room for every header in front, so that a segment is
 * written once and never copied: `allocate`, fill, checksum, `send`.
 */
export interface IpOutput {
  /** A zeroed or recycled area of exactly `length` bytes for the transport header and payload. */
  readonly allocate: (flow: Flow, length: number) => Uint8Array
  /**
   * Prepends the IP header and sends, or queues behind the neighbour. `area` came from `allocate` and is given away.
   * DF is set for TCP. A datagram over the path MTU is fragmented for other protocols.
   * Returns a code if there is no route, `undefined` otherwise.
   */
  readonly send: (flow: Flow, area: Uint8Array) => SocketErrorCode | undefined
  /** The largest IP packet towards `flow.remote` now (path MTU, at most the interface's). */
  readonly mtu: (flow: Flow) => number
  /**
   * A report of a smaller path MTU was believed (it quoted data in flight): it holds for every flow to that remote.
   * `mtu` tells what became of it; values below the minimum of the family are raised.
   */
  readonly lowerMtu: (flow: Flow, mtu: number) => void
  /** New data was acknowledged: the neighbour is reachable, no probe needed. */
  readonly confirm: (flow: Flow) => void
  /** Nothing was acknowledged for several retransmissions: the neighbour is asked whether it is still there. */
  readonly doubt: (flow: Flow) => void
  /** Packets to the next hop of `flow` wait until it is known where that is. */
  readonly waits: (flow: Flow) => boolean
  /** The source address to use towards `remote`, or a code if there is none. */
  readonly source: (remote: Ip) => Ip | SocketErrorCode
  /** The address that a caller wrote, the same object for all who write it; `undefined` if it is none. */
  readonly address: (text: string) => Ip | undefined
  /** Whether `ip` is an address of this stack. */
  readonly isLocal: (ip: Ip) => boolean
  /** Whether `ip` is a multicast group or a broadcast address here: nothing to have a connection with. */
  readonly isGroup: (ip: Ip) => boolean
}
