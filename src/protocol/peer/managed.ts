import type { Prefix } from './endpoint.ts'
import { removeRoute } from './learning.ts'
import type { Node } from './node.ts'
import { mayUse } from './permission.ts'

/**
 * The prefixes of joined networks have changed (`docs/protocol/vl1.md`, usable as a physical path). Paths inside of them
 * are forgotten, learned or not before we joined: they would carry our traffic inside itself.
 */
export const changeManaged = (node: Node, prefixes: readonly Prefix[]): void => {
  const same =
    prefixes.length === node.policy.managed.length && prefixes.every((one, i) => equals(one, node.policy.managed[i]!))
  if (same) return
  node.policy = { ...node.policy, managed: prefixes }
  for (const peer of node.peers.values())
    for (const route of [...peer.routes]) if (!mayUse(node, peer, route.path.endpoint)) removeRoute(node, peer, route)
}

const equals = (a: Prefix, b: Prefix): boolean =>
  a.bits === b.bits && a.address.length === b.address.length && a.address.every((byte, i) => byte === b.address[i])
