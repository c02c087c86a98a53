import type { Identity } from '../crypto/identity.ts'
import { encode } from '../kernel/codec.ts'
import type { Address } from '../kernel/id.ts'
import { ok, okWhois } from '../verb/ok.ts'
import { endpointIn, type Rendezvous } from '../verb/rendezvous.ts'
import { verbCode } from '../verb/verb-code.ts'
import { isSound } from './choice.ts'
import { probe } from './greeting.ts'
import { drop, type Node } from './node.ts'
import type { Path } from './path.ts'
import type { Peer } from './peer.ts'
import { addPeer, peerOf } from './peer-table.ts'
import { mayUse } from './permission.ts'
import { compose, openNat, sendBy } from './seal.ts'
import { seek } from './seek.ts'
import { type Called, extract, MOST_CALLED } from './waiting.ts'

/**
 * Answers WHOIS with whom we know; false if it comes too soon. An upstream is asked freely, and whoever does not know an
 * address asks an upstream of its own.
 */
export const answerWhois = (
  node: Node,
  peer: Peer,
  path: Path,
  packetId: bigint,
  addresses: readonly Address[],
): boolean => {
  if (!node.upstreams.amOne) {
    if (node.now - peer.lastWhois < WHOIS_GATE) return false
    peer.lastWhois = node.now
  }
  const known: Identity[] = []
  let passedOn = 0
  for (const address of addresses.slice(0, MOST_ASKED)) {
    const identity = address === node.self ? node.config.identity : peerOf(node, address)?.identity
    if (identity !== undefined) known.push(identity)
    else if (passedOn++ < MOST_PASSED_ON) seek(node, address, false)
  }
  if (known.length > 0) reply(node, peer, path, verbCode.whois, packetId, encode(okWhois, known))
  return true
}

/** An OK in answer to a packet, by the path it came by. */
export const reply = (node: Node, peer: Peer, path: Path, inReVerb: number, inReId: bigint, answer: Uint8Array): void =>
  sendBy(node, peer, compose(node, peer.address, verbCode.ok, ok, { inReVerb, inReId, answer }), verbCode.ok, path)

/** Takes identities that an upstream vouches for: they need no memory-hard check. */
export const takeWhois = (node: Node, identities: readonly Identity[]): void => {
  for (const identity of identities)
    if (identity.address !== node.self && node.waiting.sought.has(identity.address)) addPeer(node, identity)
}

/**
 * Goes to meet a peer where a root says it is (`docs/protocol/vl1.md`, RENDEZVOUS): opens our NAT, then makes contact. If
 * we do not know the peer yet, which is the rule on the called side, the call waits for its identity.
 */
export const meet = (node: Node, via: Path, value: Rendezvous): void => {
  const endpoint = endpointIn(value)
  if (endpoint.port === 0) return
  const peer = peerOf(node, value.peer)
  if (peer !== undefined) {
    meetAt(node, peer, { endpoint, socket: via.socket, since: node.now })
    return
  }
  const { called } = node.waiting
  called.delete(value.peer)
  if (called.size >= MOST_CALLED)
    for (const oldest of called.keys()) {
      called.delete(oldest)
      break
    }
  called.set(value.peer, { endpoint, socket: via.socket, since: node.now })
}

/** What a call that waited for this peer's identity asked for. */
export const answerCall = (node: Node, peer: Peer): void => {
  const call = node.waiting.called.get(peer.address)
  if (call === undefined) return
  node.waiting.called.delete(peer.address)
  meetAt(node, peer, call)
}

/** The next try of first contacts that have led to nothing. */
export const probeAgain = (node: Node): void => {
  for (const { peer: address, endpoint, socket, delay } of extract(node.waiting.probes, (one) => one.at <= node.now)) {
    const peer = node.peers.get(address)
    if (peer !== undefined && !isSound(node, peer) && mayUse(node, peer, endpoint))
      probe(node, peer, endpoint, socket, 2 * delay)
  }
}

const meetAt = (node: Node, peer: Peer, { endpoint, socket }: Called): void => {
  if (!mayUse(node, peer, endpoint)) {
    drop(node, 'untrusted', { endpoint, socket }, peer.address)
    return
  }
  openNat(node, { endpoint, socket })
  probe(node, peer, endpoint, socket)
}

/** Between two WHOIS of one peer that we answer, unless we are an upstream (`docs/protocol/vl1.md`, limits). */
export const WHOIS_GATE = 100
/** Addresses of one WHOIS that are looked up; those of them that are passed on to another upstream. */
const MOST_ASKED = 64
const MOST_PASSED_ON = 8
