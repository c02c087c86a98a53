import type { Endpoint } from '../datagram.ts'
import { forgetChoice } from './choice.ts'
import { type Scope, sameEndpoint } from './endpoint.ts'
import { contact } from './greeting.ts'
import { stray, tellMoved } from './moved.ts'
import type { Node } from './node.ts'
import { familyOf, type Path } from './path.ts'
import type { Peer } from './peer.ts'
import { reviewLink } from './peer-table.ts'
import { report, surfaceEndpoints } from './surface.ts'

/**
 * A peer says where our packets came from. What an upstream says first is told to whom we talk to. If it finds that our IP
 * has changed, the NATs along the paths of that scope and family have forgotten us: each is tried again, and not used
 * until it answers.
 */
export const surfaceReport = (node: Node, reporter: Peer, path: Path, claimed: Endpoint): void => {
  const known = !reporter.upstream || surfaceEndpoints(node.surface).some((one) => sameEndpoint(one, claimed))
  const moved = report(node.surface, reporter.address, path, claimed, reporter.upstream, node.now)
  if (moved !== undefined) tryAnew(node, path, moved, familyOf(claimed))
  if (known) return
  stray(node)
  tellMoved(node)
}

/** All paths of a scope and family but one. */
const tryAnew = (node: Node, except: Path, reach: Scope, family: 4 | 6): void => {
  for (const peer of node.peers.values()) {
    let reset = false
    for (const route of peer.routes) {
      const { path } = route
      if (path.scope !== reach || familyOf(path.endpoint) !== family || path === except) continue
      contact(node, peer, path.endpoint, path.socket)
      route.heardAt = -Infinity
      reset = true
    }
    if (!reset) continue
    forgetChoice(node, peer)
    reviewLink(node, peer)
  }
}
