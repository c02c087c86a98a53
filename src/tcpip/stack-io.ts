import type { Frame, MulticastGroup } from '../protocol/kernel/frame.ts'
import type { Mac } from '../protocol/kernel/id.ts'
import type { IpAddress } from '../protocol/kernel/ip.ts'
import type { Random } from '../protocol/kernel/rng.ts'

/** An address of an interface with the length of its on-link prefix. */
export interface InterfaceAddress {
  readonly address: IpAddress
  readonly bits: number
}
export interface RouteEntry {
  readonly target: InterfaceAddress
  /** Next hop; `undefined`: on-link. */
  readonly via: IpAddress | undefined
  readonly metric: number
}
export interface SocketAddress {
  readonly address: IpAddress
  readonly port: number
}

/** One stack serves one Ethernet segment (strong host model): its MAC, its randomness, nothing else is fixed. */
export interface StackConfig {
  readonly mac: Mac
  readonly random: Random
  /** Skip TCP and UDP checksums on receive, where the link already authenticates (off by default). */
  readonly trustLink?: boolean
}

/** A socket as the stack names it: a number that the caller chose and never uses again. */
export type SocketId = number

/** errno names, as Node prints them. */
export type SocketErrorCode =
  | 'EACCES'
  | 'EADDRINUSE'
  | 'EADDRNOTAVAIL'
  | 'ECONNABORTED'
  | 'ECONNREFUSED'
  | 'ECONNRESET'
  | 'EHOSTUNREACH'
  | 'EINVAL'
  | 'EMSGSIZE'
  | 'ENETDOWN'
  | 'ENETUNREACH'
  | 'ENOBUFS'
  | 'EPIPE'
  | 'ETIMEDOUT'

export interface TcpOptions {
  readonly noDelay?: boolean
  /** Holds segments that are not full back, up to 200 ms, for more to come. */
  readonly cork?: boolean
  /** Keepalive in ms, ms and probes; `false` is off (default). */
  readonly keepAlive?: false | { readonly idle: number; readonly interval: number; readonly count: number }
  readonly ttl?: number
  /** The type-of-service byte, or traffic class, of what is sent. */
  readonly tos?: number
  /** `undefined`: graceful in the background; 0: RST on close; n ms: close waits that long. */
  readonly linger?: number
  readonly sendBuffer?: number
  readonly receiveBuffer?: number
  /** ms without progress until ETIMEDOUT; 0: the retransmission limit decides. */
  readonly userTimeout?: number
  /** How the speed of sending is found, fixed when the connection begins. */
  readonly congestionControl?: CongestionControl
  /** For `bbr`: the share of lost bytes that passes for noise while no queue shows. 0: every loss means congestion. */
  readonly lossTolerance?: number
}
export type CongestionControl = 'bbr' | 'cubic' | 'reno'

export type StackInput =
  | { readonly _tag: 'Frames'; readonly frames: readonly Frame[] }
  /** The interface as a whole, each time anything of it changes. */
  | {
      readonly _tag: 'Configure'
      readonly mtu: number
      readonly addresses: readonly InterfaceAddress[]
      readonly routes: readonly RouteEntry[]
      /** Whether routers on the link may give addresses, routes and an MTU (default false). */
      readonly acceptRouters?: boolean
    }
  | { readonly _tag: 'Calls'; readonly calls: readonly StackCall[] }
  /** The way to a host on the link changed below (direct, relayed, another endpoint): its length is to be found anew. */
  | { readonly _tag: 'PathChanged'; readonly mac: Mac }

/** Socket calls. Each is answered by `StackOutput`s that carry the same `id`. */
export type StackCall =
  | {
      readonly call: 'connect'
      readonly id: SocketId
      readonly remote: SocketAddress
      readonly local?: { readonly address?: IpAddress; readonly port?: number }
      readonly options: TcpOptions
      /** ms of the clock at which the attempt ends with ETIMEDOUT. */
      readonly deadline: number
    }
  /** Without `address` on every address of the stack; port 0 is ephemeral, '*' takes what no other listener owns. */
  | {
      readonly call: 'listen'
      readonly id: SocketId
      readonly address?: IpAddress
      readonly port: number | '*'
      readonly backlog: number
      readonly ipv6Only?: boolean
      readonly options: TcpOptions
      /** The IDs that accepted sockets get, one after another. */
      readonly nextId: () => SocketId
    }
  /** The owner of a listener took one of the connections it was told of: `backlog` bounds those it did not take. */
  | { readonly call: 'accept'; readonly id: SocketId }
  /** Copies what fits into the send buffer and answers `Wrote` with how much that was (0: wait for `Writable`). */
  | { readonly call: 'write'; readonly id: SocketId; readonly data: Uint8Array }
  /** The reader took this many bytes of `Data`: the receive window opens by as much. */
  | { readonly call: 'consume'; readonly id: SocketId; readonly bytes: number }
  /** FIN after what is queued. */
  | { readonly call: 'shutdown'; readonly id: SocketId }
  /** Close both ways: FIN, or RST if unread data is lost or linger is 0. Ends the listener, UDP or ICMP socket. */
  | { readonly call: 'close'; readonly id: SocketId }
  | { readonly call: 'abort'; readonly id: SocketId }
  | { readonly call: 'configure'; readonly id: SocketId; readonly options: TcpOptions & UdpOptions }
  | {
      readonly call: 'bind'
      readonly id: SocketId
      readonly address?: IpAddress
      readonly port: number
      readonly reusePort?: boolean
      /** With no address, or `::`: IPv6 alone. */
      readonly ipv6Only?: boolean
    }
  | { readonly call: 'send'; readonly id: SocketId; readonly to?: SocketAddress; readonly data: Uint8Array }
  /** Fixes the remote end of a UDP socket, so that ICMP errors reach it; with none it is for everybody again. */
  | { readonly call: 'associate'; readonly id: SocketId; readonly remote?: SocketAddress }
  | { readonly call: 'join-group' | 'leave-group'; readonly id: SocketId; readonly group: IpAddress }
  /** A socket that gets a copy of every packet of a protocol, after reassembly, beside whoever handles it. */
  | {
      readonly call: 'open-raw'
      readonly id: SocketId
      readonly family: 4 | 6
      readonly protocol: number
      /** What is sent brings its IP header; its length, identification and checksum are filled in where zero. */
      readonly headerIncluded?: boolean
    }
  | { readonly call: 'send-raw'; readonly id: SocketId; readonly to: IpAddress; readonly data: Uint8Array }
  /** One echo request; `seq` 0…65535. Opens the ICMP socket on first use. */
  | {
      readonly call: 'echo'
      readonly id: SocketId
      readonly to: IpAddress
      readonly seq: number
      readonly size: number
      readonly ttl?: number
    }

/** Of UDP and raw sockets. */
export interface UdpOptions {
  readonly broadcast?: boolean
  readonly ttl?: number
  readonly multicastTtl?: number
  readonly multicastLoop?: boolean
  /** What does not fit the path is refused with EMSGSIZE instead of being cut; a connected socket hears of it too. */
  readonly dontFragment?: boolean
  /** The type-of-service byte, or traffic class, of what is sent. */
  readonly tos?: number
}

export type StackOutput =
  /** Frames to send; each payload has `FRAME_HEADROOM` bytes in front of it and belongs to the receiver. */
  | { readonly _tag: 'Frames'; readonly frames: readonly Frame[] }
  /** The link groups the stack needs now (ARP ADI groups, solicited-node groups, joined multicast). */
  | { readonly _tag: 'Groups'; readonly groups: readonly MulticastGroup[] }
  /** A listener, UDP socket or outgoing connection stands; `local` is filled in. */
  | { readonly _tag: 'Opened'; readonly id: SocketId; readonly local: SocketAddress; readonly remote?: SocketAddress }
  /** The end of a socket, or of the attempt to open it. Nothing more comes for this id. */
  | { readonly _tag: 'Failed'; readonly id: SocketId; readonly code: SocketErrorCode }
  /** A connection that `listener` accepted; it is established. */
  | {
      readonly _tag: 'Accepted'
      readonly id: SocketId
      readonly listener: SocketId
      readonly local: SocketAddress
      readonly remote: SocketAddress
    }
  /** Bytes in order. The view belongs to the receiver; `consume` opens the window again. */
  | { readonly _tag: 'Data'; readonly id: SocketId; readonly data: Uint8Array }
  /** `full`: there is no room for more, and `Writable` tells when there is. */
  | { readonly _tag: 'Wrote'; readonly id: SocketId; readonly bytes: number; readonly full?: boolean }
  /** Room in the send buffer after a write that filled it: try again. */
  | { readonly _tag: 'Writable'; readonly id: SocketId }
  /** The peer will send no more (FIN). */
  | { readonly _tag: 'Ended'; readonly id: SocketId }
  /** Closed in good order, both ways (or the listener or UDP socket is closed). Nothing more comes for this id. */
  | { readonly _tag: 'Closed'; readonly id: SocketId }
  | { readonly _tag: 'State'; readonly id: SocketId; readonly state: TcpStateName }
  | {
      readonly _tag: 'Datagram'
      readonly id: SocketId
      readonly data: Uint8Array
      readonly from: SocketAddress
      readonly to: SocketAddress
      /** Who put it on the link, whatever address it claims to come from. */
      readonly mac: Mac
    }
  /** A packet for a raw socket, with its IP header; what follows the headers begins at `payloadAt`. */
  | {
      readonly _tag: 'Packet'
      readonly id: SocketId
      readonly packet: Uint8Array
      readonly payloadAt: number
      readonly protocol: number
      readonly ttl: number
      readonly from: IpAddress
      readonly to: IpAddress
      readonly mac: Mac
    }
  /** A pending error of a connected UDP socket; the socket lives on. */
  | { readonly _tag: 'SoftError'; readonly id: SocketId; readonly code: SocketErrorCode }
  | {
      readonly _tag: 'Echo'
      readonly id: SocketId
      readonly seq: number
      readonly from: IpAddress
      readonly ttl: number
      readonly bytes: number
    }
  | { readonly _tag: 'EchoFailed'; readonly id: SocketId; readonly seq: number; readonly code: SocketErrorCode }
  /** What routers on the link advertise now, with `acceptRouters`; it is in use already. */
  | { readonly _tag: 'Advertised'; readonly addresses: readonly IpAddress[]; readonly servers: readonly IpAddress[] }
  | { readonly _tag: 'Conflict'; readonly address: IpAddress; readonly mac: Mac }
  /** A neighbour was learned or moved: what `members$` shows. */
  | { readonly _tag: 'Neighbour'; readonly address: IpAddress; readonly mac: Mac }
  /** A configured route leads `via` an address that is not on-link: it is left out. Told once while it is so. */
  | { readonly _tag: 'RouteUnreachable'; readonly route: RouteEntry }
  | { readonly _tag: 'Drop'; readonly reason: StackDropReason }

export type TcpStateName =
  | 'SYN-SENT'
  | 'SYN-RECEIVED'
  | 'ESTABLISHED'
  | 'FIN-WAIT-1'
  | 'FIN-WAIT-2'
  | 'CLOSE-WAIT'
  | 'CLOSING'
  | 'LAST-ACK'
  | 'TIME-WAIT'
  | 'CLOSED'

export type StackDropReason =
  | 'not-for-us'
  | 'unknown-ethertype'
  | 'arp-malformed'
  | 'arp-spoofed'
  | 'ip-malformed'
  | 'ip-checksum'
  | 'ip-source'
  | 'ip-options'
  | 'ip-protocol'
  | 'fragment-overlap'
  | 'fragment-limit'
  | 'fragment-timeout'
  | 'fragment-malformed'
  | 'icmp-malformed'
  | 'icmp-checksum'
  | 'ndp-malformed'
  | 'udp-malformed'
  | 'udp-checksum'
  | 'udp-no-port'
  | 'udp-queue'
  | 'tcp-malformed'
  | 'tcp-checksum'
  | 'tcp-no-port'
  | 'tcp-backlog'
  | 'tcp-unacceptable'
  | 'tcp-paws'
  | 'tcp-window'
  | 'neighbour-queue'
  | 'neighbour-limit'
  | 'no-route'
  | 'loop-queue'
  | 'icmp-ignored'
