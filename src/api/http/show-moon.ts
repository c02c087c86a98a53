import { printIdentity } from '../../protocol/crypto/identity.ts'
import { printEndpoint } from '../../protocol/peer/endpoint.ts'
import type { World } from '../../protocol/world/world.ts'
import { publicWorldId } from '../../streams/public-id.ts'

/** The object of `/moon/<id>` (`docs/protocol/vl2.md` §16.1). */
export const showMoon = (moon: World) => ({
  id: publicWorldId(moon.id),
  timestamp: moon.timestamp,
  signature: hex(moon.signature),
  updatesMustBeSignedBy: hex(moon.updateKey),
  roots: moon.roots.map(({ identity, endpoints }) => ({
    identity: printIdentity(identity),
    stableEndpoints: endpoints.map(printEndpoint),
  })),
  waiting: false,
})

/** A moon that its seed has not sent yet. */
export const showWaitingMoon = (id: bigint) => ({
  id: publicWorldId(id),
  timestamp: 0,
  signature: null,
  updatesMustBeSignedBy: null,
  roots: [],
  waiting: true,
})

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
