import type { Address } from '../kernel/id.ts'
import { PUSH_HAVE_PATH, PUSH_NO_PATH } from './learning.ts'
import type { Node } from './node.ts'
import { pushPaths } from './push.ts'

/**
 * These peers proved that they share a network with us. A peer that is new to this is told at once where we can be
 * reached, not with its next packet.
 */
export const trust = (node: Node, peers: readonly Address[]): void => {
  for (const address of peers) {
    const peer = node.peers.get(address)
    if (peer === undefined) continue
    peer.lastTrusted = node.now
    const path = peer.lastPath
    if (path === undefined) continue
    if (peer.lastDirect) path.lastTrusted = node.now
    const often = peer.lastDirect ? PUSH_HAVE_PATH : PUSH_NO_PATH
    if (node.now - peer.lastReceive < RECENT && node.now - peer.lastPush >= often) pushPaths(node, peer, path)
  }
}

/** The path of the last packet is taken for a way back only so long. */
const RECENT = 1_000
