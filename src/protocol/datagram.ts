import type { IpAddress } from './kernel/ip.ts'

/** A physical UDP endpoint. `address` is canonical text, so that equal endpoints have equal keys. */
export interface Endpoint {
  readonly address: IpAddress
  readonly port: number
}

/** A datagram from a link. The receiver owns `data` and may decrypt in place and keep views of it. */
export interface LinkDatagram {
  readonly data: Uint8Array
  readonly from: Endpoint
  /** Which local socket it came by; an opaque number that `OutgoingDatagram.socket` understands. */
  readonly socket: number
}

/** A datagram for a link. Without `socket` it leaves from every local socket of the address family. */
export interface OutgoingDatagram {
  readonly data: Uint8Array
  readonly to: Endpoint
  readonly socket?: number
  /** IP time to live, where not the default: 2 opens the own NAT and goes no further. */
  readonly ttl?: number
}

/** A bound local socket: where it listens, and its number. */
export interface LocalSocket extends Endpoint {
  readonly socket: number
  /** A way through a relay of datagrams, not a place where one listens: taken only where nothing else leads. */
  readonly tunnel?: boolean
}

/** Where a packet came from and where its immediate reply goes. */
export interface Via {
  readonly endpoint: Endpoint
  readonly socket: number
}
