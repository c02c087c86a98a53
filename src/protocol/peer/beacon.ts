import { address, readU40 } from '../kernel/id.ts'
import type { Millis } from '../kernel/machine.ts'
import { nop } from '../verb/nop.ts'
import { verbCode } from '../verb/verb-code.ts'
import type { Node } from './node.ts'
import type { Path } from './path.ts'
import { mayUse } from './permission.ts'
import { compose, sendBy } from './seal.ts'
import type { Verdict } from './verdict.ts'

/**
 * A beacon (`docs/protocol/vl1.md`, telling datagrams apart): old nodes say in their LAN who they are, in 8 bytes of
 * anything and their address. One that we know is told with a NOP that we are here too, so that it finds the short way.
 */
export const answerBeacon = (node: Node, beacon: Uint8Array, path: Path): Verdict => {
  const peer = node.peers.get(address(readU40(beacon, 8)))
  if (peer === undefined) return 'unknown-peer'
  if (!mayUse(node, peer, path.endpoint)) return 'untrusted'
  if (node.now - node.lastBeacon < BEACON_GATE) return 'rate-limited'
  node.lastBeacon = node.now
  sendBy(node, peer, compose(node, peer.address, verbCode.nop, nop, { data: NOTHING }), verbCode.nop, path)
  return undefined
}

/** Between two answers, to whomever. */
export const BEACON_GATE: Millis = 2_500
const NOTHING = new Uint8Array(0)
