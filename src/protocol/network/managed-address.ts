import { writeU32, writeU64 } from '../kernel/codec.ts'
import { type Address, address, type NetworkId, readU40, writeU40 } from '../kernel/id.ts'
import { samePrefix } from '../kernel/ip.ts'

/**
 * IPv6 addresses that follow from a node's address and the network ID (`docs/protocol/vl2.md` §1.4), 16 bytes each:
 *
 *     RFC4193   fd   nwid[8]      99 93   address[5]         prefix 88
 *     6PLANE    fc   folded[4]    address[5]   00 00 00 00 00 01   prefix 40
 *
 * where folded = low 32 bits of nwid XOR (nwid >> 32). With 6PLANE a node has the whole /80 beneath its address.
 */
export const rfc4193 = (node: Address, network: NetworkId): Uint8Array => {
  const out = new Uint8Array(16)
  out[0] = 0xfd
  writeU64(out, 1, network)
  out[9] = 0x99
  out[10] = 0x93
  writeU40(out, 11, node)
  return out
}

export const sixPlane = (node: Address, network: NetworkId): Uint8Array => {
  const out = new Uint8Array(16)
  out[0] = 0xfc
  writeU32(out, 1, folded(network))
  writeU40(out, 5, node)
  out[15] = 1
  return out
}

/**
 * The node that `target` names by construction if `own`/`bits` is a managed address of that kind, else `undefined`
 * (§13.2: such a target needs no neighbour solicitation on the wire).
 */
export const embeddedAddress = (
  own: Uint8Array,
  bits: number,
  target: Uint8Array,
  network: NetworkId,
): Address | undefined => {
  if (own.length !== 16 || target.length !== 16) return undefined
  if (bits === RFC4193_BITS && own[0] === 0xfd && own[9] === 0x99 && own[10] === 0x93)
    return samePrefix(own, target, RFC4193_BITS) ? address(readU40(target, 11)) : undefined
  if (bits === SIX_PLANE_BITS && samePrefix(own, sixPlane(address(0), network), SIX_PLANE_BITS))
    return samePrefix(own, target, SIX_PLANE_BITS) ? address(readU40(target, 5)) : undefined
  return undefined
}

const folded = (network: NetworkId): number => Number((network ^ (network >> 32n)) & 0xffff_ffffn)

export const RFC4193_BITS = 88
export const SIX_PLANE_BITS = 40
