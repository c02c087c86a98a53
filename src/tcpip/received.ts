import type { Mac } from '../protocol/kernel/id.ts'
import type { Ip } from './ip-output.ts'

/**
 * An IP packet on its way up: whole, its header checked, its addresses known. One record is reused for all packets of a
 * stack; who keeps something of it keeps the values.
 */
export interface Received {
  packet: Uint8Array
  source: Ip
  destination: Ip
  protocol: number
  /** Where the transport header begins, and of IPv6 which byte named the protocol. */
  at: number
  named: number
  /** TTL or hop limit. */
  ttl: number
  tos: number
  /** The destination is a multicast group or a broadcast address. */
  toGroup: boolean
  /** The sender on the link, and whether the frame came to our own MAC; both are ours for looped packets. */
  from: Mac
  isUnicastFrame: boolean
  /** This host sent it to itself: checksums need no second look. */
  isLooped: boolean
}
