import type { MulticastGroup } from '../kernel/frame.ts'
import { type Address, address, type Mac, mac, type NetworkId } from '../kernel/id.ts'

/**
 * The MACs of a network: every node's follows from its address and the network ID (`docs/protocol/vl2.md` §1.3).
 *
 *     MAC = first(nwid)[1]   address[5] XOR mask(nwid)[5]
 *
 * `MacScheme` is what the network ID contributes, computed once: no BigInt on the packet path.
 */
export interface MacScheme {
  /** The first octet of every MAC in this network: locally administered, unicast, never 0x52. */
  readonly first: number
  readonly maskHigh: number
  readonly maskLow: number
}

export const macScheme = (network: NetworkId): MacScheme => {
  const octet = (shift: bigint): number => Number((network >> shift) & 0xffn)
  const first = (octet(0n) & 0xfe) | 0x02
  return {
    first: first === TAKEN_BY_HYPERVISORS ? 0x32 : first,
    maskHigh: octet(8n),
    maskLow: ((octet(16n) << 24) | (octet(24n) << 16) | (octet(32n) << 8) | octet(40n)) >>> 0,
  }
}

export const macOf = (scheme: MacScheme, node: Address): Mac =>
  mac(
    (scheme.first * 0x100 + (Math.floor(node / 0x1_0000_0000) ^ scheme.maskHigh)) * 0x1_0000_0000 +
      ((node ^ scheme.maskLow) >>> 0),
  )

/** Whether `addressOf` means anything: MACs of other first octets belong to devices behind bridges. */
export const isNodeMac = (scheme: MacScheme, value: Mac): boolean =>
  Math.floor(value / 0x100_0000_0000) === scheme.first

/** The node that owns a MAC of this network. */
export const addressOf = (scheme: MacScheme, value: Mac): Address =>
  address(
    ((Math.floor(value / 0x1_0000_0000) & 0xff) ^ scheme.maskHigh) * 0x1_0000_0000 + ((value ^ scheme.maskLow) >>> 0),
  )

export const isMulticast = (value: Mac): boolean => (Math.floor(value / 0x100_0000_0000) & 1) === 1

/** The group in which the owner of an IP (4 or 16 bytes) is asked for: by ARP, or by NDP at its solicited node. */
export const resolutionGroup = (ip: Uint8Array): MulticastGroup =>
  ip.length === 4
    ? { mac: BROADCAST, adi: ((ip[0]! << 24) | (ip[1]! << 16) | (ip[2]! << 8) | ip[3]!) >>> 0 }
    : { mac: mac(0x3333_ff00_0000 + ((ip[13]! << 16) | (ip[14]! << 8) | ip[15]!)), adi: 0 }

/** Groups are ordered by MAC, then ADI. */
export const compareGroups = (a: MulticastGroup, b: MulticastGroup): number => a.mac - b.mac || a.adi - b.adi

export const BROADCAST: Mac = mac(0xffff_ffff_ffff)
export const broadcastGroup: MulticastGroup = { mac: BROADCAST, adi: 0 }
const TAKEN_BY_HYPERVISORS = 0x52
