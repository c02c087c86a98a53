import type { Endpoint } from '../datagram.ts'
import { address } from '../kernel/id.ts'
import { cipherOf, classify, destinationOf, packetIdOf, sourceOf } from '../packet/header.ts'
import type { PacketRecord } from '../vl1-io.ts'
import { type Node, say } from './node.ts'

/**
 * Records a datagram for whoever taps the wire. `bytes` must be as on the wire: what is decrypted in place later is to be
 * copied before.
 */
export const trace = (
  node: Node,
  direction: PacketRecord['direction'],
  bytes: Uint8Array,
  endpoint: Endpoint,
  verb: number | undefined,
  outcome: PacketRecord['outcome'],
): void => {
  const kind = classify(bytes)
  if (kind !== 'packet' && kind !== 'fragment') return
  const whole = kind === 'packet'
  say(node, {
    _tag: 'Trace',
    trace: {
      direction,
      endpoint,
      source: whole ? sourceOf(bytes) : direction === 'out' ? node.self : NOBODY,
      destination: destinationOf(bytes),
      verb,
      packetId: packetIdOf(bytes),
      cipher: whole ? cipherOf(bytes) : 0,
      bytes: bytes.slice(),
      outcome,
    },
  })
}

const NOBODY = address(0)
