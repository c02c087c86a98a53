import { writeU16, writeU32 } from '../../src/protocol/kernel/codec.ts'
import type { Frame } from '../../src/protocol/kernel/frame.ts'
import { mac } from '../../src/protocol/kernel/id.ts'
import { bytes, concat, frame6, icmp, ipv6, STRANGER } from './craft.ts'

/** What a router on the link says. */
export const ROUTER = 'fe80::99'
const ALL_NODES = mac(0x3333_0000_0001)

/** A prefix information option: valid for so many seconds, on the link and for addresses unless told otherwise. */
export const prefix = (address: string, valid: number, o: { readonly flags?: number; readonly bits?: number } = {}) => {
  const b = new Uint8Array(32)
  b.set([3, 4, o.bits ?? 64, o.flags ?? 0xc0])
  writeU32(b, 4, valid)
  writeU32(b, 8, Math.min(valid, 600))
  b.set(bytes(address), 16)
  return b
}
export const mtu = (value: number) => Uint8Array.of(5, 1, 0, 0, 0, 0, value >>> 8, value & 0xff)
export const servers = (lifetime: number, ...addresses: readonly string[]) => {
  const b = concat(Uint8Array.of(25, 1 + 2 * addresses.length, 0, 0, 0, 0, 0, 0), ...addresses.map(bytes))
  writeU32(b, 4, lifetime)
  return b
}
/** A Router Advertisement of `ROUTER` to everybody. */
export const advertisement = (
  lifetime: number,
  options: readonly Uint8Array[],
  from = ROUTER,
  hopLimit = 255,
): Frame => {
  const head = new Uint8Array(8)
  const to = 'ff02::1'
  const word = new Uint8Array(4)
  writeU16(word, 2, lifetime)
  const payload = icmp(134, 0, lifetime, concat(head, ...options), [from, to])
  return frame6(ALL_NODES, ipv6({ from, to, next: 58, hopLimit, payload }), STRANGER)
}
