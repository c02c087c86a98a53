import { branded, struct, type TypeOf, u64 } from '../kernel/codec.ts'
import type { NetworkId } from '../kernel/id.ts'

/**
 * NETWORK_CONFIG (0x0c): a controller sends a configuration that nobody asked for. The payload is a chunk
 * (`network/chunk.ts`), as it is in OK(NETWORK_CONFIG_REQUEST) after the packet ID.
 *
 * When its last chunk completes a configuration, the receiver answers OK. That OK names ECHO (0x08) as the verb it is
 * about, as every deployed node does. Its body, after the packet ID:
 *
 *     nwid[8]   update id[8]
 */
export const networkConfigOk = struct({ network: branded<bigint, NetworkId>(u64), updateId: u64 })
export type NetworkConfigOk = TypeOf<typeof networkConfigOk>
/** The verb that the OK to a NETWORK_CONFIG names. */
export const NETWORK_CONFIG_OK_IN_RE = 0x08
/** Bytes of an OK before its chunk: the verb it is about and the packet ID. */
export const OK_FIELDS = 9
