import type { Endpoint } from '../datagram.ts'
import { isUsable, isWithin } from './endpoint.ts'
import type { Node } from './node.ts'
import type { Peer } from './peer.ts'

/** Whether traffic with a peer may go by an endpoint at all; an upstream is only where it is listed. */
export const mayUse = (node: Node, peer: Peer, endpoint: Endpoint): boolean =>
  isUsable(endpoint, node.policy, node.upstreams.byAddress.get(peer.address)?.endpoints) &&
  !(node.rules.peers.get(peer.address)?.blacklist.some((prefix) => isWithin(endpoint, prefix)) ?? false)
