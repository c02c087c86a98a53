import type { Address } from '../kernel/id.ts'
import type { DropReason } from '../vl1-io.ts'
import { drop, type Node } from './node.ts'
import type { Path } from './path.ts'
import { trace } from './trace.ts'

/** Why a packet is refused; `undefined` if it is not. */
export type Verdict = DropReason | undefined

/** Acts on a verdict: refused packets are dropped aloud. */
export const judge = (node: Node, packet: Uint8Array, path: Path, verdict: Verdict, peer?: Address): void => {
  if (verdict !== undefined) refuse(node, packet, path, verdict, peer)
}

/** What became of a received packet, for those who tap the wire; the drop itself is said in any case. */
export const refuse = (node: Node, packet: Uint8Array, path: Path, reason: DropReason, peer?: Address): void => {
  drop(node, reason, path, peer)
  if (node.tap) say(node, packet, path, undefined, reason)
}
export const accepted = (node: Node, packet: Uint8Array, path: Path, verb: number | undefined): void => {
  if (node.tap) say(node, packet, path, verb, 'accepted')
}
export const relayed = (node: Node, packet: Uint8Array, path: Path): void => {
  if (node.tap) say(node, packet, path, undefined, 'relayed')
}

/** Keeps a copy of a packet as it is on the wire, before it is opened in place. */
export const keepWire = (node: Node, packet: Uint8Array): void => {
  if (node.tap) node.wire.set(packet, packet.slice())
}

const say = (
  node: Node,
  packet: Uint8Array,
  path: Path,
  verb: number | undefined,
  outcome: 'accepted' | 'relayed' | DropReason,
): void => {
  const wire = node.wire.get(packet)
  if (wire !== undefined) trace(node, 'in', wire, path.endpoint, verb, outcome)
}
