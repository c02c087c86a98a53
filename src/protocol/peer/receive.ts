import type { LinkDatagram } from '../datagram.ts'
import { readU32 } from '../kernel/codec.ts'
import { payloadOf } from '../packet/compression.ts'
import { cipherOf, classify, destinationOf, isFragmentedHead, MAX_PACKET, sourceOf, verbOf } from '../packet/header.ts'
import { type Assembly, addFragment, addHead } from '../packet/reassembly.ts'
import { verbCode } from '../verb/verb-code.ts'
import { relayFragment, relayPacket } from '../world/root.ts'
import { answerBeacon } from './beacon.ts'
import { dispatch } from './dispatch.ts'
import { receiveHello } from './hello-receipt.ts'
import { drop, type Node } from './node.ts'
import { makeRoom, type Path, pathFor } from './path.ts'
import type { Peer } from './peer.ts'
import { armorOf, pathsOfPeers, peerOf } from './peer-table.ts'
import { seek } from './seek.ts'
import { accepted, judge, keepWire, refuse, type Verdict } from './verdict.ts'
import { enqueue, MOST_HELD, RETRY } from './waiting.ts'

/**
 * Takes a batch of datagrams (`docs/protocol/vl1.md`, receive pipeline). Packets are gathered by peer and opened with one
 * call for each; only a HELLO, which may change who is known, is dealt with in its turn.
 */
export const receiveAll = (node: Node, batch: readonly LinkDatagram[]): void => {
  // before the first of them: what is gathered below refers to its path
  makeRoom(node.paths, batch.length, () => pathsOfPeers(node), node.now)
  for (const { data, from, socket } of batch) {
    const path = pathFor(node.paths, from, socket)
    path.lastIn = node.now // before anything is proven: it may only weigh in scoring
    if (data.length > MAX_PACKET) {
      drop(node, 'oversized', path)
      continue
    }
    switch (classify(data)) {
      case 'packet':
        takePacket(node, data, path)
        break
      case 'fragment':
        takeFragment(node, data, path)
        break
      case 'beacon':
        judge(node, data, path, answerBeacon(node, data, path))
        break
      case 'ignored':
        drop(node, 'runt', path)
    }
  }
  openAll(node)
}

/** Takes a whole packet for us, not yet opened. `patient`: a HELLO may wait for the answer to a WHOIS. */
export const takeWhole = (node: Node, packet: Uint8Array, path: Path, patient = true): void =>
  judge(node, packet, path, whole(node, packet, path, patient), sourceOf(packet))

const whole = (node: Node, packet: Uint8Array, path: Path, patient: boolean): Verdict => {
  const cipher = cipherOf(packet)
  if (cipher === TRUSTED && !isTrusted(packet, path)) return 'trusted-path'
  if (cipher > 3) return 'bad-cipher'
  if (cipher === 0 && verbOf(packet) === verbCode.hello) {
    openAll(node)
    return receiveHello(node, packet, path, false, patient)
  }
  const source = sourceOf(packet)
  const peer = peerOf(node, source)
  if (peer === undefined) {
    const lost = enqueue(node.waiting.held, { source, packet, path, since: node.now, hello: false }, MOST_HELD)
    if (lost !== undefined) refuse(node, lost.packet, lost.path, 'queue-full', lost.source)
    node.due.queue = Math.min(node.due.queue, node.now + RETRY)
    seek(node, source, false)
    return undefined
  }
  if (peer.inbox.length === 0) node.dirty.push(peer)
  peer.inbox.push(packet)
  peer.inboxPaths.push(path)
  return undefined
}

/** Opens what was gathered, and does what it says. */
export const openAll = (node: Node): void => {
  while (node.dirty.length > 0) {
    const peers = node.dirty
    node.dirty = []
    for (const peer of peers) openInbox(node, peer)
  }
}

const openInbox = (node: Node, peer: Peer): void => {
  const packets = peer.inbox
  const paths = peer.inboxPaths
  peer.inbox = []
  peer.inboxPaths = []
  const genuine =
    node.rules.trusted.length === 0 ? armorOf(node, peer)?.session.open(packets) : open(node, peer, packets)
  for (let i = 0; i < packets.length; i++) {
    const packet = packets[i]!
    const path = paths[i]!
    judge(node, packet, path, genuine?.[i] === true ? act(node, peer, packet, path) : 'bad-mac', peer.address)
  }
}

/** Where there are trusted paths: what came by one, which has been looked at, is genuine as it is. */
const open = (node: Node, peer: Peer, packets: readonly Uint8Array[]): readonly boolean[] => {
  const sealed = packets.filter((packet) => cipherOf(packet) !== TRUSTED)
  const opened = sealed.length > 0 ? armorOf(node, peer)?.session.open(sealed) : undefined
  let at = 0
  return packets.map((packet) => cipherOf(packet) === TRUSTED || opened?.[at++] === true)
}

const isTrusted = (packet: Uint8Array, { trusted }: Path): boolean => {
  if (trusted.length === 0) return false
  const high = readU32(packet, 19)
  const low = readU32(packet, 23)
  return trusted.some((id) => id.high === high && id.low === low)
}

const act = (node: Node, peer: Peer, packet: Uint8Array, path: Path): Verdict => {
  const payload = payloadOf(packet)
  return payload === undefined ? 'bad-compression' : dispatch(node, peer, packet, payload, path)
}

const takePacket = (node: Node, packet: Uint8Array, path: Path): void => {
  keepWire(node, packet)
  if (sourceOf(packet) === node.self) refuse(node, packet, path, 'own-source')
  else if (destinationOf(packet) !== node.self) judge(node, packet, path, relayPacket(node, packet, path))
  else if (!isFragmentedHead(packet)) takeWhole(node, packet, path)
  else {
    accepted(node, packet, path, undefined)
    takeAssembly(node, path, addHead(node.assembly, packet, path, node.now))
  }
}

const takeFragment = (node: Node, fragment: Uint8Array, path: Path): void => {
  keepWire(node, fragment)
  if (destinationOf(fragment) !== node.self) {
    judge(node, fragment, path, relayFragment(node, fragment, path))
    return
  }
  accepted(node, fragment, path, undefined)
  takeAssembly(node, path, addFragment(node.assembly, fragment, path, node.now))
}

const takeAssembly = (node: Node, path: Path, result: Assembly): void => {
  switch (result._tag) {
    case 'Assembled':
      takeWhole(node, result.packet, pathFor(node.paths, result.via.endpoint, result.via.socket))
      break
    case 'Refused':
      drop(node, result.reason, path)
      break
    case 'Waiting':
      if (result.lost !== undefined) drop(node, result.lost, path)
      node.due.queue = Math.min(node.due.queue, node.now + RETRY)
  }
}

/** The suite of packets that are not sealed at all. */
const TRUSTED = 2
