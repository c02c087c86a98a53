import type { Millis } from '../kernel/machine.ts'
import { sayHello } from './greeting.ts'
import type { Node } from './node.ts'
import type { Peer } from './peer.ts'
import { mayUse } from './permission.ts'

/** Looks for a peer to which no path leads where its owner says it is (`docs/protocol/vl1.md`, static hints). */
export const tryHints = (node: Node, peer: Peer): void => {
  const endpoints = node.rules.peers.get(peer.address)?.endpoints
  if (endpoints === undefined || node.now - peer.lastHint < MEMORIZED_TRY) return
  peer.lastHint = node.now
  for (const endpoint of endpoints) if (mayUse(node, peer, endpoint)) sayHello(node, peer, endpoint)
}

/** Between two looks. */
export const MEMORIZED_TRY: Millis = 30_000
