import type { VirtualNode } from '../../api/node.ts'
import { publicPlanet } from '../../protocol/world/planet.ts'
import { publicNodeId, publicWorldId } from '../../streams/public-id.ts'
import type { Peer } from '../../streams/snapshot.ts'
import type { NodeEvidence, Way } from './evidence.ts'

export const lookAtNode = (node: VirtualNode): NodeEvidence => {
  const { running } = node
  const { planet } = running.worlds
  return {
    id: node.id,
    online: running.info.online,
    endpoints: running.info.endpoints,
    surfaces: running.surfaces,
    planet: { id: publicWorldId(planet.id), isPublic: planet.id === publicPlanet.id },
    roots: planet.roots.map(({ identity, endpoints }) => {
      const id = publicNodeId(identity.address)
      const peer = node.peer(id)
      return { id, endpoints, link: wayTo(peer), ...(peer?.latency === undefined ? {} : { latency: peer.latency }) }
    }),
    heard: running.traffic['direct/received'] ?? 0,
  }
}

export const wayTo = (peer: Peer | undefined): Way => {
  if (peer === undefined) return 'unknown'
  return peer.tunneled && peer.link !== 'unreachable' ? 'tcp' : peer.link
}
