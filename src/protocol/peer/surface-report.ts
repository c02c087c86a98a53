import type { Endpoint } from '../datagram.ts'
import { forgetChoice } from './choice.ts'
import { contact } from './greeting.ts'
import type { Node } from './node.ts'
import { familyOf, type Path } from './path.ts'
import type { Peer } from './peer.ts'
import { reviewLink } from './peer-table.ts'
import { report } from './surface.ts'

/**
 * A peer says where our packets came from. If an upstream finds that our IP has changed, the NATs along the paths of that
 * scope and family have forgotten us: each is tried again, and not used until it answers.
 */
export const surfaceReport = (node: Node, reporter: Peer, path: Path, claimed: Endpoint): void => {
  const moved = report(node.surface, reporter.address, path, claimed, reporter.upstream, node.now)
  if (moved === undefined) return
  const family = familyOf(claimed)
  for (const peer of node.peers.values()) {
    let reset = false
    for (const route of peer.routes) {
      if (route.path.scope !== moved || familyOf(route.path.endpoint) !== family || route.path === path) continue
      contact(node, peer, route.path.endpoint, route.path.socket)
      route.heardAt = -Infinity
      reset = true
    }
    if (!reset) continue
    forgetChoice(node, peer)
    reviewLink(node, peer)
  }
}
