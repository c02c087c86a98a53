import type { LocalSocket } from '../datagram.ts'
import { callUpstream } from './greeting.ts'
import { callUnreached } from './keepalive.ts'
import { removeRoute } from './learning.ts'
import type { Node } from './node.ts'
import { peerOf } from './peer-table.ts'

/**
 * The link's sockets have changed. Paths over sockets that are gone are forgotten; from new ones the upstreams hear at
 * once, not at the next tick.
 */
export const changeSockets = (node: Node, sockets: readonly LocalSocket[]): void => {
  const before = new Set(node.sockets.map((one) => one.socket))
  const after = new Set(sockets.map((one) => one.socket))
  node.sockets = sockets
  node.paths.tunnels = new Set(sockets.filter((one) => one.tunnel === true).map((one) => one.socket))
  for (const peer of node.peers.values())
    for (const route of [...peer.routes]) if (!after.has(route.path.socket)) removeRoute(node, peer, route)
  if (sockets.some((one) => !before.has(one.socket)))
    for (const address of node.upstreams.byAddress.keys()) {
      const peer = peerOf(node, address)
      if (peer === undefined) continue
      peer.unanswered = 0
      callUpstream(node, peer)
    }
  callUnreached(node)
}
