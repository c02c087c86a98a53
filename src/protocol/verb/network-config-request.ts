import { type Codec, rest, sized, u16, u64 } from '../kernel/codec.ts'
import { E } from '../kernel/fp.ts'
import { type NetworkId, networkId } from '../kernel/id.ts'

/**
 * NETWORK_CONFIG_REQUEST (0x0b): a node asks a controller to be let into a network.
 *
 *     nwid[8]   length[2]   metadata dictionary[length]   revision[8]   timestamp[8]   of the configuration held
 *
 * Answered with OK whose body is a chunk (`network/chunk.ts`), or ERROR. Everything after the network ID may be
 * absent; the last two are ignored by controllers.
 */
export interface NetworkConfigRequest {
  readonly network: NetworkId
  readonly metadata: Uint8Array
  readonly revision: bigint
  readonly timestamp: bigint
}
export const networkConfigRequest: Codec<NetworkConfigRequest> = {
  read: (r) => {
    const network = u64.read(r)
    if (network._tag === 'Left') return network
    const metadata = r.at === r.end ? E.right(new Uint8Array(0)) : sized(u16, 'metadata length').read(r)
    if (metadata._tag === 'Left') return metadata
    const held = r.end - r.at >= 16
    const revision = held ? u64.read(r) : E.right(0n)
    const timestamp = held ? u64.read(r) : E.right(0n)
    rest.read(r)
    return E.right({
      network: networkId(network.right),
      metadata: metadata.right,
      revision: revision._tag === 'Right' ? revision.right : 0n,
      timestamp: timestamp._tag === 'Right' ? timestamp.right : 0n,
    })
  },
  write: (w, value) => {
    u64.write(w, value.network)
    sized(u16, 'metadata length').write(w, value.metadata)
    u64.write(w, value.revision)
    u64.write(w, value.timestamp)
  },
}
