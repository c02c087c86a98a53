import { pathTo } from './choice.ts'
import type { Node } from './node.ts'
import { isActive, isTrusted } from './peer.ts'
import { pushPaths } from './push.ts'
import { take } from './rate-gate.ts'
import { MOVES_BURST, MOVES_PER_SECOND } from './waiting.ts'

/**
 * We are elsewhere than before: the peers that take part in a network with us have to hear of it. They send to where we
 * have been and cannot know better; native nodes find out after 19 s of silence.
 */
export const stray = (node: Node): void => {
  for (const peer of node.peers.values()) if (!peer.upstream && isActive(peer, node.now)) node.strayed.add(peer)
}

/** Tells them, by the relay if there is no other way; whom we cannot reach yet, later. */
export const tellMoved = (node: Node): void => {
  let paid = false
  for (const peer of node.strayed) {
    if (!isActive(peer, node.now) || !isTrusted(peer, node.now)) {
      node.strayed.delete(peer)
      continue
    }
    const path = pathTo(node, peer)
    if (path === undefined) continue
    if (!paid && !take(node.waiting.moves, node.now, MOVES_PER_SECOND, MOVES_BURST)) return
    paid = true
    node.strayed.delete(peer)
    pushPaths(node, peer, path)
  }
}
