import { type Address, networkId } from '../kernel/id.ts'
import type { ControllerTurn } from './controller-state.ts'
import { parseDictionary, unsigned } from './dictionary.ts'

/**
 * What members tell of what they dropped and decided (`docs/protocol/vl2.md` §17), where their network names this node.
 * Anybody can send such a thing: what does not come from a member of the network that it speaks of is dropped. Nothing is
 * kept.
 */
export const receiveTraces = (t: ControllerTurn, peer: Address, traces: readonly Uint8Array[]): void => {
  for (const trace of traces) {
    const fields = parseDictionary(trace)
    const network = networkId(unsigned(fields, 'networkId'))
    const member = t.state.networks.get(network)?.members.get(peer)
    if (member?.record.authorized === true) t.outputs.push({ _tag: 'Traced', network, member: peer, at: t.now, fields })
    else t.outputs.push({ _tag: 'Drop', reason: 'not-ours', network, peer })
  }
}
