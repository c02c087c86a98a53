import type { NetworkId, NodeId, WorldId } from '../../streams/public-id.ts'

/**
 * The IDs of callers: a `bigint` of 64 or 40 bits, not 0, as the hex that the rest of the library knows. A `number` is
 * refused: it would be another ID beyond 53 bits.
 */
export const networkIdOf = (id: unknown): NetworkId | undefined => hex(id, 16) as NetworkId | undefined
export const worldIdOf = (id: unknown): WorldId | undefined => hex(id, 16) as WorldId | undefined
export const nodeIdOf = (id: unknown): NodeId | undefined => hex(id, 10) as NodeId | undefined

const hex = (id: unknown, digits: 10 | 16): string | undefined =>
  typeof id === 'bigint' && id > 0n && id < 1n << BigInt(4 * digits) ? id.toString(16).padStart(digits, '0') : undefined

export const bitsOf = (id: NetworkId | NodeId): bigint => BigInt(`0x${id}`)

/** `02:23:…` as 48 bits. */
export const macBits = (mac: string): bigint => BigInt(`0x${mac.replaceAll(':', '')}`)

/** A flag of C: 0 or 1, or what JavaScript has for it. */
export const flagOf = (given: unknown): boolean | undefined =>
  given === true || given === 1 ? true : given === false || given === 0 ? false : undefined
