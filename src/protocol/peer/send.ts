import { compressPacket } from '../packet/compression.ts'
import { fragment, largestPacket } from '../packet/fragment.ts'
import { markFragmented, sealTrusted, writeHeader } from '../packet/header.ts'
import { verbCode } from '../verb/verb-code.ts'
import type { OutPacket } from '../vl1-io.ts'
import { bondedPath, copies } from './bond.ts'
import { noteSent } from './bond-measure.ts'
import { isDirect, isStraight, pathTo } from './choice.ts'
import { awaitSign } from './doubt.ts'
import { tryHints } from './hints.ts'
import { drop, type Node } from './node.ts'
import { nextId } from './packet-ids.ts'
import { type Path, pathFor } from './path.ts'
import { type Peer, suiteFor } from './peer.ts'
import { armorOf, peerOf, setLink } from './peer-table.ts'
import { expectReply } from './reply-filter.ts'
import { isAnswered, sendBy, transmit } from './seal.ts'
import { seek } from './seek.ts'
import { enqueue, MOST_UNSENT, RETRY } from './waiting.ts'

/** Packets of one batch that go to one peer by one path, sealed with one call. */
interface Run {
  peer: Peer | undefined
  path: Path | undefined
  packets: Uint8Array[]
  verbs: number[]
}

/**
 * Sends what upper layers have composed (`docs/protocol/vl1.md`, send pipeline): sealed where it lies, cut into
 * fragments where it is too large for a datagram, kept for a while where there is no identity or no path yet.
 */
export const sendAll = (node: Node, batch: readonly OutPacket[]): void => {
  const run: Run = { peer: undefined, path: undefined, packets: [], verbs: [] }
  for (const packet of batch) {
    if (packet.to === node.self) continue
    const peer = run.peer?.address === packet.to ? run.peer : peerOf(node, packet.to)
    if (packet.via !== undefined) {
      flush(node, run)
      if (peer === undefined) drop(node, 'unknown-peer', packet.via, packet.to)
      else
        sendBy(
          node,
          peer,
          headed(node, packet),
          packet.verb,
          pathFor(node.paths, packet.via.endpoint, packet.via.socket),
        )
      continue
    }
    const path = peer === undefined ? undefined : (bondedPath(node, peer) ?? pathTo(node, peer))
    if (peer === undefined || path === undefined) {
      keep(node, packet, peer)
      continue
    }
    if (run.peer !== peer || run.path !== path) {
      flush(node, run)
      run.peer = peer
      run.path = path
    }
    const sealed = headed(node, packet)
    if (sealed.length > path.mtu) {
      if (sealed.length > largestPacket(path.mtu)) {
        drop(node, 'oversized', undefined, packet.to)
        continue
      }
      markFragmented(sealed)
    }
    run.packets.push(sealed)
    run.verbs.push(packet.verb)
  }
  flush(node, run)
}

const flush = (node: Node, run: Run): void => {
  const { peer, path, packets, verbs } = run
  if (peer === undefined || path === undefined || packets.length === 0) return
  run.packets = []
  run.verbs = []
  const armor = armorOf(node, peer)
  if (armor === undefined) {
    drop(node, 'bad-identity', undefined, peer.address)
    return
  }
  if (peer.link !== 'direct' && !isDirect(node, peer)) {
    setLink(node, peer, 'relay')
    tryHints(node, peer)
  }
  const straight = isStraight(node, peer, path)
  awaitSign(node, peer, path)
  const trusted = path.trusted[0]
  if (trusted === undefined) armor.session.seal(suiteFor(peer), packets)
  else for (const packet of packets) sealTrusted(packet, trusted.high, trusted.low)
  for (let i = 0; i < packets.length; i++) {
    const packet = packets[i]!
    const verb = verbs[i]!
    if (isAnswered(verb)) expectReply(node.filter, packet, peer.address, verb)
    put(node, packet, verb, path, straight)
    if (peer.bond === undefined) continue
    noteSent(node, peer, packet, verb, path)
    if (verb !== verbCode.frame && verb !== verbCode.extFrame) continue
    for (const other of copies(node, peer, path)) if (other.mtu === path.mtu) put(node, packet, verb, other, true)
  }
}

const put = (node: Node, packet: Uint8Array, verb: number, path: Path, straight: boolean): void => {
  if (packet.length <= path.mtu) transmit(node, packet, path, verb, straight)
  else for (const piece of fragment(packet, path.mtu)) transmit(node, piece, path, verb, straight)
}

const headed = (node: Node, { data, to, verb, compress }: OutPacket): Uint8Array => {
  writeHeader(data, nextId(node.ids), to, node.self, verb)
  return compress === true ? compressPacket(data) : data
}

const keep = (node: Node, packet: OutPacket, peer: Peer | undefined): void => {
  const lost = enqueue(node.waiting.unsent, { packet, since: node.now }, MOST_UNSENT)
  if (lost !== undefined) drop(node, 'queue-full', undefined, lost.packet.to)
  node.due.queue = Math.min(node.due.queue, node.now + RETRY)
  if (peer === undefined) seek(node, packet.to)
  else tryHints(node, peer)
}
