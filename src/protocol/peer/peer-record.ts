import { type Identity, identityCodec } from '../crypto/identity.ts'
import type { Endpoint } from '../datagram.ts'
import { type Codec, counted, oneOf, struct, u8, u16 } from '../kernel/codec.ts'
import { E } from '../kernel/fp.ts'
import { inetAddress } from './endpoint.ts'

/** A peer as kept between runs. */
export interface PeerRecord {
  readonly identity: Identity
  readonly protocol: number
  readonly major: number
  readonly minor: number
  readonly revision: number
  readonly endpoints: readonly Endpoint[]
}

/**
 * The record in `peers.d` (`docs/protocol/vl1.md`, local state):
 *
 *     format[1] = 2   identity[71]   protocol[2]   major[2]   minor[2]   revision[2]   paths[2]   InetAddress…
 *
 * On loading the versions hold, and each endpoint is only worth a HELLO.
 */
export const peerRecord: Codec<PeerRecord> = {
  read: (r) => {
    const found = layout.read(r)
    if (found._tag === 'Left') return found
    const { format: _, endpoints, ...peer } = found.right
    return E.right({ ...peer, endpoints: endpoints.filter((one) => one !== null) })
  },
  write: (w, peer) => layout.write(w, { format: 2, ...peer }),
}

/** Remembered paths of one peer. */
export const MAX_PATHS = 64
const layout = struct({
  format: oneOf(u8, 'peer record format', [2]),
  identity: identityCodec,
  protocol: u16,
  major: u16,
  minor: u16,
  revision: u16,
  endpoints: counted(u16, inetAddress, 'number of paths', MAX_PATHS),
})
