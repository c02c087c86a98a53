import type { NetworkId } from '../kernel/id.ts'
import { errorCode } from '../verb/error.ts'
import { announceStatus, applyDictionary, fail } from './apply.ts'
import { requestConfig, requestNow } from './config-request.ts'
import { release } from './held.ts'
import { addJoined, type Joined, joined, removeJoined } from './joined.ts'
import { forgetNetwork } from './multicast-group.ts'
import { forgetOutgoing } from './multicast-send.ts'
import type { Turn } from './turn.ts'

/** Joining: what is stored counts at once, the controller is asked at once. Joining twice changes nothing. */
export const join = (t: Turn, id: NetworkId, cached: Uint8Array | undefined, auth: string | undefined): void => {
  if (t.state.table.byId.has(id)) return
  const net = joined(id, t.self, auth)
  addJoined(t.state.table, net)
  // a file with an empty line remembers the membership until there is a configuration
  const stored = cached !== undefined && cached.length > EMPTY.length
  if (cached === undefined) t.news.push({ _tag: 'Store', network: id, dictionary: EMPTY })
  if (!stored || !applyDictionary(t, net, cached, 'stored')) announceStatus(t, net)
  requestConfig(t, net)
}

/** Leaving: everything about the network is forgotten, here and in the store. */
export const leave = (t: Turn, id: NetworkId): void => {
  const net = t.state.table.byId.get(id)
  if (net === undefined) return
  removeJoined(t.state.table, net)
  forgetNetwork(t.state.groups, id)
  forgetOutgoing(t, net)
  release(t, (held) => held.network === net)
  t.news.push({ _tag: 'Store', network: id, dictionary: undefined })
}

/** There is a controller in this node now: what it hosts was not to be found before. */
export const askHere = (t: Turn, net: Joined): void => {
  if (net.controller !== t.self || net.failure !== 'not-found') return
  net.failure = undefined
  announceStatus(t, net)
  requestNow(t, net)
}

/** The answer of the controller in this node. */
export const configuredHere = (t: Turn, id: NetworkId, dictionary: Uint8Array): void => {
  const net = t.state.table.byId.get(id)
  if (net !== undefined && net.controller === t.self) applyDictionary(t, net, dictionary, 'controller')
}

export const refusedHere = (t: Turn, id: NetworkId, error: number): void => {
  const net = t.state.table.byId.get(id)
  if (net === undefined || net.controller !== t.self) return
  if (error === errorCode.accessDenied) fail(t, net, 'denied')
  else if (error === errorCode.authenticationRequired) fail(t, net, 'auth-required')
  else fail(t, net, 'not-found')
}

const EMPTY = Uint8Array.of(0x0a)
