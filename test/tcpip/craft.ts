import { readU32, writeU16, writeU32 } from '../../src/protocol/kernel/codec.ts'
import type { Frame } from '../../src/protocol/kernel/frame.ts'
import { type Mac, mac } from '../../src/protocol/kernel/id.ts'
import { parseIp } from '../../src/protocol/kernel/ip.ts'
import { BROADCAST_MAC, groupMac, ipFrom } from '../../src/tcpip/address.ts'
import { writeArp } from '../../src/tcpip/arp.ts'
import { checksumOf, pseudoHeaderSum, sum } from '../../src/tcpip/checksum.ts'
import { ADVERTISEMENT, SOLICITATION, writeNdp } from '../../src/tcpip/ndp.ts'

/** Packets made by hand, right unless a test wants them wrong. */

export const STRANGER = mac(0x0200_0000_00ee)
/** Of an address; the same array for the same text, for reading only. */
export const bytes = (text: string): Uint8Array => {
  const found = parsed.get(text) ?? parseIp(text)!
  if (parsed.size >= MOST_PARSED) parsed.clear()
  parsed.set(text, found)
  return found
}
export const fill = (length: number, seed = 1): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * 31 + seed * 17 + (i >>> 8)) & 0xff)
export const concat = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))

export const ipv4 = (o: {
  readonly from: string
  readonly to: string
  readonly protocol: number
  readonly payload: Uint8Array
  readonly options?: Uint8Array
  readonly id?: number
  readonly offset?: number
  readonly more?: boolean
  readonly df?: boolean
  readonly ttl?: number
  readonly tos?: number
  readonly total?: number
  readonly version?: number
}): Uint8Array => {
  const options = o.options ?? new Uint8Array(0)
  const header = new Uint8Array(20 + options.length)
  header[0] = (o.version ?? 0x40) | (header.length / 4)
  header[1] = o.tos ?? 0
  writeU16(header, 2, o.total ?? header.length + o.payload.length)
  writeU16(header, 4, o.id ?? 0)
  writeU16(header, 6, ((o.offset ?? 0) >>> 3) | (o.more === true ? 0x2000 : 0) | (o.df === true ? 0x4000 : 0))
  header[8] = o.ttl ?? 64
  header[9] = o.protocol
  header.set(bytes(o.from), 12)
  header.set(bytes(o.to), 16)
  header.set(options, 20)
  writeU16(header, 10, checksumOf(sum(header)))
  return concat(header, o.payload)
}

export const ipv6 = (o: {
  readonly from: string
  readonly to: string
  readonly next: number
  readonly payload: Uint8Array
  readonly hopLimit?: number
  readonly length?: number
  readonly trafficClass?: number
}): Uint8Array => {
  const header = new Uint8Array(40)
  header[0] = 0x60 | ((o.trafficClass ?? 0) >>> 4)
  header[1] = ((o.trafficClass ?? 0) & 15) << 4
  writeU16(header, 4, o.length ?? o.payload.length)
  header[6] = o.next
  header[7] = o.hopLimit ?? 64
  header.set(bytes(o.from), 8)
  header.set(bytes(o.to), 24)
  return concat(header, o.payload)
}
/** A fragment header (RFC 8200 §4.5). */
export const fragmentHeader = (next: number, offset: number, more: boolean, id: number): Uint8Array => {
  const b = new Uint8Array(8)
  b[0] = next
  writeU16(b, 2, offset | (more ? 1 : 0))
  writeU32(b, 4, id)
  return b
}

export const udp = (
  from: string,
  fromPort: number,
  to: string,
  toPort: number,
  data: Uint8Array,
  o: { readonly length?: number; readonly checksum?: number } = {},
): Uint8Array => {
  const b = concat(new Uint8Array(8), data)
  writeU16(b, 0, fromPort)
  writeU16(b, 2, toPort)
  writeU16(b, 4, o.length ?? b.length)
  const right = checksumOf(pseudoHeaderSum(bytes(from), bytes(to), 17, o.length ?? b.length) + sum(b))
  writeU16(b, 6, o.checksum ?? (right === 0 ? 0xffff : right))
  return b
}
/** With `v6` addresses the pseudo header is summed too. */
export const icmp = (
  type: number,
  code: number,
  rest: number,
  data: Uint8Array,
  v6?: readonly [from: string, to: string],
): Uint8Array => {
  const b = concat(new Uint8Array(8), data)
  b[0] = type
  b[1] = code
  writeU32(b, 4, rest)
  const pseudo = v6 === undefined ? 0 : pseudoHeaderSum(bytes(v6[0]), bytes(v6[1]), 58, b.length)
  writeU16(b, 2, checksumOf(pseudo + sum(b)))
  return b
}

export const frame4 = (to: Mac, payload: Uint8Array, from = STRANGER): Frame => ({
  to,
  from,
  etherType: 0x0800,
  payload,
})
export const frame6 = (to: Mac, payload: Uint8Array, from = STRANGER): Frame => ({
  to,
  from,
  etherType: 0x86dd,
  payload,
})
export const arpRequest = (from: Mac, sender: string, target: string, to: Mac = BROADCAST_MAC): Frame => ({
  to,
  from,
  etherType: 0x0806,
  payload: writeArp(true, from, bytes(sender), mac(0), bytes(target)),
})
export const arpReply = (from: Mac, sender: string, to: Mac, target: string): Frame => ({
  to,
  from,
  etherType: 0x0806,
  payload: writeArp(false, from, bytes(sender), to, bytes(target)),
})
export const solicitation = (
  from: Mac,
  source: string,
  destination: string,
  target: string,
  to: Mac = groupMac(ipFrom(destination)),
): Frame =>
  frame6(
    to,
    writeNdp(SOLICITATION, ipFrom(source), ipFrom(destination), 0, ipFrom(target), source === '::' ? 0 : 1, from),
    from,
  )
export const advertisement = (from: Mac, source: string, destination: string, flags: number, to: Mac): Frame =>
  frame6(to, writeNdp(ADVERTISEMENT, ipFrom(source), ipFrom(destination), flags, ipFrom(source), 2, from), from)

/** What a frame is, in a word or two, for expectations. */
export const nameOf = (frame: Frame): string => {
  const b = frame.payload
  const ip = (at: number, length: number): string =>
    length === 4 ? b.subarray(at, at + 4).join('.') : `…${b[at + 15]}`
  const cast = frame.to === BROADCAST_MAC ? 'broadcast' : frame.to % 2 ** 41 >= 2 ** 40 ? 'group' : 'unicast'
  if (frame.etherType === 0x0806)
    return `${b[7] === 1 ? 'ARP who-has' : 'ARP is-at'} ${ip(b[7] === 1 ? 24 : 14, 4)} ${cast}`
  if (frame.etherType === 0x0800) return b[9] === 2 ? `IGMP ${groupNames[b[24]!]}` : `IPv4 ${b[9]}`
  if (b[6] === 0 && b[40] === 58) return `MLD ${groupNames[b[48]!]}`
  const type = b[40]
  if (b[6] === 58 && type === SOLICITATION) return `NS ${ip(48, 16)} ${cast}`
  if (b[6] === 58 && type === ADVERTISEMENT) return `NA ${ip(48, 16)} ${cast} ${(readU32(b, 44) >>> 28).toString(2)}`
  return `IPv6 ${b[6]}`
}
const groupNames: Readonly<Record<number, string>> = {
  ...{ 34: 'report', 22: 'report 2', 18: 'report 1', 23: 'leave' },
  ...{ 143: 'report', 131: 'report 1', 132: 'done' },
}

const parsed = new Map<string, Uint8Array>()
const MOST_PARSED = 1000
