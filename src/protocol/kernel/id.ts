/**
 * The identifiers of ZeroTier: branded, compared as values, printed one way (lower-case hex).
 *
 * Inside the protocol an address and a MAC are numbers (40 and 48 bits fit a double exactly and make the cheapest map
 * keys), a network ID and a packet ID are bigints because 64 bits do not fit. The public API shows strings.
 */
export type Address = number & { readonly __brand: 'Address' }
export type NetworkId = bigint & { readonly __brand: 'NetworkId' }
export type Mac = number & { readonly __brand: 'Mac' }
export type PacketId = bigint & { readonly __brand: 'PacketId' }

export const address = (value: number): Address => value as Address
export const networkId = (value: bigint): NetworkId => value as NetworkId
export const mac = (value: number): Mac => value as Mac
export const packetId = (value: bigint): PacketId => value as PacketId

export const printAddress = (value: Address): string => value.toString(16).padStart(10, '0')
export const printNetworkId = (value: NetworkId): string => value.toString(16).padStart(16, '0')
export const printPacketId = (value: PacketId): string => value.toString(16).padStart(16, '0')
export const printMac = (value: Mac): string =>
  value
    .toString(16)
    .padStart(12, '0')
    .replace(/..(?!$)/g, '$&:')

export const parseAddress = (text: string): Address | undefined =>
  /^[0-9a-f]{10}$/i.test(text) ? address(Number.parseInt(text, 16)) : undefined
export const parseNetworkId = (text: string): NetworkId | undefined =>
  /^[0-9a-f]{16}$/i.test(text) ? networkId(BigInt(`0x${text}`)) : undefined
export const parseMac = (text: string): Mac | undefined =>
  /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(text) ? mac(Number.parseInt(text.replaceAll(':', ''), 16)) : undefined

/** Never valid for a node: zero, and everything that begins with 0xff (the mark of a fragment). */
export const isReserved = (value: Address): boolean => value === 0 || value >= 0xff_0000_0000

/** The controller of a network is the upper 40 bits of its ID (`docs/protocol/vl2.md`). */
export const controllerOf = (id: NetworkId): Address => address(Number(id >> 24n))

/** Reads and writes 40- and 48-bit big-endian numbers; doubles hold them exactly, shifts do not. */
export const readU40 = (b: Uint8Array, at: number): number =>
  b[at]! * 0x1_0000_0000 + (((b[at + 1]! << 24) | (b[at + 2]! << 16) | (b[at + 3]! << 8) | b[at + 4]!) >>> 0)
export const writeU40 = (b: Uint8Array, at: number, value: number): void => {
  b[at] = value / 0x1_0000_0000
  const low = value >>> 0
  b[at + 1] = low >>> 24
  b[at + 2] = low >>> 16
  b[at + 3] = low >>> 8
  b[at + 4] = low
}
export const readU48 = (b: Uint8Array, at: number): number =>
  (b[at]! * 0x100 + b[at + 1]!) * 0x1_0000_0000 +
  (((b[at + 2]! << 24) | (b[at + 3]! << 16) | (b[at + 4]! << 8) | b[at + 5]!) >>> 0)
export const writeU48 = (b: Uint8Array, at: number, value: number): void => {
  const high = Math.floor(value / 0x1_0000_0000)
  const low = value >>> 0
  b[at] = high >>> 8
  b[at + 1] = high
  b[at + 2] = low >>> 24
  b[at + 3] = low >>> 16
  b[at + 4] = low >>> 8
  b[at + 5] = low
}
