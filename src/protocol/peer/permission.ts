import type { Endpoint } from '../datagram.ts'
import { isUsable, isWithin } from './endpoint.ts'
import type { Node } from './node.ts'
import type { Peer } from './peer.ts'

/** Whether traffic with a peer may go by an endpoint at all; an upstream is only where it is listed. Why not is noted. */
export const mayUse = (node: Node, peer: Peer, endpoint: Endpoint): boolean => {
  const refused = isForbidden(node, peer, endpoint)
    ? 'forbidden'
    : isUsable(endpoint, node.policy, node.upstreams.byAddress.get(peer.address)?.endpoints)
      ? undefined
      : 'unusable'
  if (refused !== undefined) peer.refused = refused
  return refused === undefined
}

const isForbidden = ({ rules, policy }: Node, peer: Peer, endpoint: Endpoint): boolean => {
  const own = rules.peers.get(peer.address)?.blacklist
  return [...policy.blacklist, ...(own ?? [])].some((prefix) => isWithin(endpoint, prefix))
}
