import { encode } from './kernel/codec.ts'
import { absurd } from './kernel/fp.ts'
import type { Address } from './kernel/id.ts'
import type { Machine, Millis, Step } from './kernel/machine.ts'
import { keepBonds } from './peer/bond-measure.ts'
import { bestUpstream, latencyOf, upstreamAddresses } from './peer/choice.ts'
import { lookAtDoubts } from './peer/doubt.ts'
import { takeVerdict } from './peer/hello-receipt.ts'
import { callUnreached, keepContact, PING_CHECK } from './peer/keepalive.ts'
import { changeManaged } from './peer/managed.ts'
import { type Node, newNode, say, takeOutputs, type Vl1Config } from './peer/node.ts'
import { peerRecord } from './peer/peer-record.ts'
import { peerOf, recordOf, snapshot } from './peer/peer-table.ts'
import { receiveAll } from './peer/receive.ts'
import { seek } from './peer/seek.ts'
import { sendAll } from './peer/send.ts'
import { changeSockets } from './peer/sockets.ts'
import { countsOf } from './peer/traffic.ts'
import { trust } from './peer/trust.ts'
import { clean, HOUSEKEEPING, release, retryQueues } from './peer/upkeep.ts'
import type { PeerSnapshot, Vl1Input, Vl1Output, Vl1View } from './vl1-io.ts'
import { deorbit, orbit, refreshUpstreams } from './world/adoption.ts'
import type { World } from './world/world.ts'

export type { Vl1Config } from './peer/node.ts'

/** What VL1 remembers: opaque, read through `viewOf`, `peersOf` and `recordsOf`. */
export type Vl1State = Node

/**
 * VL1 in one machine (`docs/protocol/vl1.md`): datagrams become messages and messages datagrams; identities are learned,
 * paths found and kept, packets of others relayed. One machine per node, since its state is a mutable accumulator.
 *
 * What a step has to say comes in the order: what changed, what is to be transmitted, what was received.
 */
export const vl1 = (config: Vl1Config): Machine<Vl1State, Vl1Input, Vl1Output> => ({
  initial: newNode(config),
  step: (node, input, now): Step<Vl1State, Vl1Output> => {
    begin(node, now)
    take(node, input)
    release(node)
    return [node, takeOutputs(node)]
  },
  deadline: firstDue,
  tick: (node, now): Step<Vl1State, Vl1Output> => {
    const { due } = node
    if (now < firstDue(node)) return [node, NOTHING]
    begin(node, now)
    if (now >= due.ping) keepContact(node)
    if (now >= due.bootstrap) callUnreached(node)
    if (now >= due.queue) retryQueues(node)
    if (now >= due.housekeeping) clean(node)
    if (now >= due.bond) keepBonds(node)
    if (now >= due.doubt) lookAtDoubts(node)
    release(node)
    return [node, takeOutputs(node)]
  },
})

/** Plain look-ups for the layer above, always of the present state. */
export const viewOf = (node: Vl1State): Vl1View => ({
  self: node.config.identity,
  identityOf: (address) => node.peers.get(address)?.identity,
  isUpstream: (address) =>
    node.upstreams.byAddress.has(address) || (node.upstreams.amOne && address === node.config.identity.address),
  upstreams: () => upstreamAddresses(node),
  bestUpstream: () => bestUpstream(node)?.address,
  directLatency: (address) => {
    const peer = node.peers.get(address)
    return peer === undefined ? undefined : latencyOf(node, peer)
  },
})

/** A snapshot of every peer in memory. */
export const peersOf = (node: Vl1State): ReadonlyMap<Address, PeerSnapshot> =>
  new Map([...node.peers.values()].map((peer) => [peer.address, snapshot(node, peer)]))

/** One peer, as `peersOf` shows it. */
export const peerIn = (node: Vl1State, address: Address): PeerSnapshot | undefined => {
  const peer = node.peers.get(address)
  return peer === undefined ? undefined : snapshot(node, peer)
}

/** What was sent and received so far, by verb and by way: `verb/counter` and its value, those above zero. */
export const trafficOf = (node: Vl1State): Readonly<Record<string, number>> => countsOf(node.traffic)

/** The record for `peers.d` of one peer. */
export const recordIn = (node: Vl1State, address: Address): Uint8Array | undefined => {
  const peer = node.peers.get(address)
  return peer === undefined ? undefined : encode(peerRecord, recordOf(peer))
}

/** The records for `peers.d` of all peers in memory, for a node that ends. */
export const recordsOf = (node: Vl1State): ReadonlyMap<Address, Uint8Array> =>
  new Map([...node.peers.values()].map((peer) => [peer.address, encode(peerRecord, recordOf(peer))]))

/** The planet in force, and the moons orbited. */
export const worldsOf = (node: Vl1State): { readonly planet: World; readonly moons: readonly World[] } => ({
  planet: node.planet,
  moons: [...node.moons.values()],
})

export const isOnline = (node: Vl1State): boolean => node.online

const firstDue = ({ due }: Node): Millis =>
  Math.min(due.ping, due.bootstrap, due.queue, due.housekeeping, due.bond, due.doubt)

const begin = (node: Node, now: Millis): void => {
  node.now = now
  node.turn++
  if (node.started) return
  node.started = true
  node.due.ping = now + PING_CHECK
  node.due.housekeeping = now + HOUSEKEEPING
  refreshUpstreams(node)
  if (!node.upstreams.amOne) return
  node.online = true
  say(node, { _tag: 'Online', online: true })
}

const take = (node: Node, input: Vl1Input): void => {
  switch (input._tag) {
    case 'Datagrams':
      receiveAll(node, input.batch)
      break
    case 'Send':
      sendAll(node, input.packets)
      break
    case 'Local':
      changeSockets(node, input.sockets)
      break
    case 'Trust':
      trust(node, input.peers)
      break
    case 'Whois':
      whois(node, input.address)
      break
    case 'Validated':
      takeVerdict(node, input.identity, input.valid)
      break
    case 'Managed':
      changeManaged(node, input.prefixes)
      break
    case 'Contact':
      if (input.peers.some((one) => !node.contacts.has(one))) node.due.ping = Math.min(node.due.ping, node.now)
      node.contacts = new Set(input.peers)
      break
    case 'Orbit':
      orbit(node, input.id, input.seed, input.moon)
      break
    case 'Deorbit':
      deorbit(node, input.id)
      break
    case 'Tap':
      node.tap = input.on
      break
    default:
      absurd(input)
  }
}

const whois = (node: Node, address: Address): void => {
  const known = node.peers.get(address)
  if (known !== undefined) say(node, { _tag: 'Learned', identity: known.identity })
  // one of an earlier run is taken into memory, which says `Learned` as well
  else if (peerOf(node, address) === undefined) seek(node, address)
}

const NOTHING: readonly Vl1Output[] = []
