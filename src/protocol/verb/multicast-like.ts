import { branded, many, struct, type TypeOf, u32, u48, u64 } from '../kernel/codec.ts'
import type { Mac, NetworkId } from '../kernel/id.ts'

/**
 * MULTICAST_LIKE (0x09): the groups that the sender wants frames of; groups of several networks may be mixed.
 *
 *     n × (nwid[8]   mac[6]   adi[4])
 *
 * Never answered. There is no opposite: subscriptions expire.
 */
export const multicastLike = many(
  struct({ network: branded<bigint, NetworkId>(u64), mac: branded<number, Mac>(u48), adi: u32 }),
)
export type MulticastLike = TypeOf<typeof multicastLike>
/** Bytes of one group. */
export const LIKE_RECORD = 18
