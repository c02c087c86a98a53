import type { Millis } from '../kernel/machine.ts'
import type { IndirectReason } from '../vl1-io.ts'
import { isDirect, relayPath } from './choice.ts'
import { type Node, say } from './node.ts'
import type { Peer } from './peer.ts'
import { isShutOut } from './push-gate.ts'

/** Says why no path leads straight to a peer, if that has changed, and that one does. */
export const reviewIndirect = (node: Node, peer: Peer): void => {
  const reason = reasonFor(node, peer)
  if (reason === undefined) {
    peer.triedSince = Infinity
    peer.refused = undefined
  }
  if (reason === peer.indirect) return
  peer.indirect = reason
  say(node, { _tag: 'Indirect', address: peer.address, reason })
}

const reasonFor = (node: Node, peer: Peer): IndirectReason | undefined => {
  if (isDirect(node, peer)) return undefined
  if (node.sockets.length === 0) return 'no-socket'
  const relay = relayPath(node)
  if (relay?.tunnel === true) return 'tcp-relay'
  if (isShutOut(peer, node.now)) return 'rate-limited'
  if (peer.triedSince !== Infinity) return node.now - peer.triedSince < ANSWER_WITHIN ? 'trying' : 'silent'
  if (peer.refused !== undefined) return peer.refused
  return relay === undefined ? 'no-root' : 'not-introduced'
}

/** A first contact is repeated for so long: nobody is called silent before. */
const ANSWER_WITHIN: Millis = 4_000
