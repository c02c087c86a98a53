import { cryptHelloTail } from '../crypto/hello-tail.ts'
import type { Endpoint } from '../datagram.ts'
import { writer, written } from '../kernel/codec.ts'
import { uniform } from '../kernel/rng.ts'
import { writeHeader } from '../packet/header.ts'
import { echo } from '../verb/echo.ts'
import { type Hello, hello, helloMoons, type WorldRevision } from '../verb/hello.ts'
import { verbCode } from '../verb/verb-code.ts'
import { HEADER } from '../vl1-io.ts'
import { relayPath } from './choice.ts'
import type { Node } from './node.ts'
import { nextId } from './packet-ids.ts'
import { familyOf } from './path.ts'
import { type Peer, suiteFor } from './peer.ts'
import { armorOf } from './peer-table.ts'
import { compose, sendTo } from './seal.ts'
import { enqueue, LAST_PROBE, MOST_PROBES, PROBE_AGAIN, RETRY } from './waiting.ts'

/** Says HELLO to a peer at an endpoint, from every local socket; only low bandwidth mode keeps to one. */
export const sayHello = (node: Node, peer: Peer, endpoint: Endpoint, socket?: number): void => {
  const packet = helloPacket(node, peer, endpoint)
  if (packet === undefined) return
  noteTry(node, peer)
  const from = node.config.lowBandwidth === true ? (socket ?? node.sockets[0]?.socket) : undefined
  sendTo(node, peer, packet, verbCode.hello, 0, endpoint, from)
}

/** Says HELLO by way of the relay, to a peer nobody knows a place of. */
export const sayHelloByRelay = (node: Node, peer: Peer): void => {
  const path = relayPath(node)
  const packet = path === undefined ? undefined : helloPacket(node, peer, null)
  if (path === undefined || packet === undefined) return
  sendTo(node, peer, packet, verbCode.hello, 0, path.endpoint, path.socket)
}

/**
 * Makes contact at an endpoint (`docs/protocol/vl1.md`, contact attempt): an empty ECHO where that is enough, else HELLO.
 * An ECHO leaves by `socket`, or by all if there is none to prefer.
 */
export const contact = (node: Node, peer: Peer, endpoint: Endpoint, socket?: number): void => {
  if (!understandsEcho(peer)) {
    sayHello(node, peer, endpoint, socket)
    return
  }
  noteTry(node, peer)
  const packet = compose(node, peer.address, verbCode.echo, echo, { data: NOTHING })
  sendTo(node, peer, packet, verbCode.echo, suiteFor(peer), endpoint, socket)
}

/** The same for a first contact, which is tried again if nothing comes of it. */
export const probe = (node: Node, peer: Peer, endpoint: Endpoint, socket?: number, delay = PROBE_AGAIN): void => {
  contact(node, peer, endpoint, socket)
  tryAgain(node, peer, endpoint, socket, delay)
}

/** Has a contact tried again after `delay`, and twice as long after that, up to three times: datagrams are lost. */
export const tryAgain = (node: Node, peer: Peer, endpoint: Endpoint, socket?: number, delay = PROBE_AGAIN): void => {
  if (delay > LAST_PROBE) return
  enqueue(node.waiting.probes, { peer: peer.address, endpoint, socket, at: node.now + delay, delay }, MOST_PROBES)
  node.due.queue = Math.min(node.due.queue, node.now + RETRY)
}

/** Says HELLO to an upstream where it is listed: at one of its endpoints of each family. */
export const callUpstream = (node: Node, peer: Peer): void => {
  const endpoints = node.upstreams.byAddress.get(peer.address)?.endpoints ?? []
  for (const family of FAMILIES) {
    const choices = endpoints.filter((endpoint) => familyOf(endpoint) === family)
    const chosen = choices.length > 1 ? choices[Math.floor(uniform(node.config.random) * choices.length)] : choices[0]
    if (chosen !== undefined) sayHello(node, peer, chosen)
  }
  if (endpoints.length === 0) sayHelloByRelay(node, peer)
  peer.lastFullHello = node.now
}

/** What HELLO and OK(HELLO) say of our version. */
export const ourVersion = (node: Node): Pick<Hello, 'protocol' | 'major' | 'minor' | 'revision'> => ({
  protocol: PROTOCOL,
  ...(node.config.version ?? VERSION),
})

/** Wire time: whole milliseconds since the epoch. */
export const clockOf = (node: Node): bigint => BigInt(Math.floor(node.now))

const helloPacket = (node: Node, peer: Peer, sentTo: Endpoint | null): Uint8Array | undefined => {
  const armor = armorOf(node, peer)
  if (armor === undefined) return undefined
  const { planet, config } = node
  const w = writer(HELLO_SIZE, HEADER)
  hello.write(w, { ...ourVersion(node), clock: clockOf(node), identity: config.identity, sentTo, planet })
  const tail = w.at
  helloMoons.write(w, wantedMoons(node))
  const packet = written(w)
  writeHeader(packet, nextId(node.ids), peer.address, node.self, verbCode.hello)
  cryptHelloTail(config.crypto, armor.key, packet, tail)
  peer.lastHello = node.now
  peer.unanswered++
  return packet
}

/** Every moon we orbit, then every one we want. */
const wantedMoons = (node: Node): readonly WorldRevision[] => [
  ...[...node.moons.values()].map(({ id, timestamp }) => ({ id, timestamp })),
  ...[...node.seeds.keys()].map((id) => ({ id, timestamp: 0n })),
]

const noteTry = (node: Node, peer: Peer): void => {
  if (peer.triedSince === Infinity) peer.triedSince = node.now
}

const understandsEcho = (peer: Peer): boolean =>
  peer.protocol >= 5 && !(peer.protocol === 5 && peer.major === 1 && peer.minor === 1 && peer.revision === 0)

export const PROTOCOL = 12
/** Below it, nobody is answered. */
export const OLDEST_PROTOCOL = 4
const VERSION = { major: 1, minor: 14, revision: 1 }
const FAMILIES = [4, 6] as const
const NOTHING = new Uint8Array(0)
const HELLO_SIZE = 192
