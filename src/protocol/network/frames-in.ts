import { decode, encode } from '../kernel/codec.ts'
import type { Mac } from '../kernel/id.ts'
import {
  extFrame,
  extFrameData,
  extFrameEtherType,
  extFrameFlag,
  extFrameFlags,
  extFrameFrom,
  extFrameOk,
  extFrameStart,
  extFrameTo,
} from '../verb/ext-frame.ts'
import { FRAME_FIELDS, frameData, frameEtherType } from '../verb/frame.ts'
import { multicastFrame, multicastFrameOk } from '../verb/multicast-frame.ts'
import { verbCode } from '../verb/verb-code.ts'
import type { Message } from '../vl1-io.ts'
import { learnRoute } from './bridge.ts'
import { receiveCom } from './credentials.ts'
import { admitAndTrust } from './gate.ts'
import { holdFrame } from './held.ts'
import { type Joined, joinedAt } from './joined.ts'
import { isMulticast } from './mac.ts'
import type { Member } from './member.ts'
import { gathered } from './multicast-receive.ts'
import { distribute } from './multicast-send.ts'
import { traceDenied, traceIncoming } from './remote-trace.ts'
import { filterIn } from './rules.ts'
import { deliver, drop, reply, type Turn } from './turn.ts'

/**
 * Frames received (`docs/protocol/vl2.md` §10): gate, then addressing, then rules, then the host stack. What fails the
 * gate is held, because a certificate is usually on its way.
 */
export const receiveFrame = (t: Turn, message: Message) => {
  const p = message.payload
  if (p.length < FRAME_FIELDS) return drop(t, 'malformed', undefined, message.source)
  const net = joinedAt(t.state.table, p, 0)
  if (net === undefined) return drop(t, 'not-joined', undefined, message.source)
  const member = admitted(t, net, message)
  if (member === undefined || p.length === FRAME_FIELDS) return
  const etherType = frameEtherType(p)
  const payload = frameData(p)
  const verdict = filterIn(t, net, net.active!, member, member.mac, net.ownMac, etherType, payload)
  if (verdict === 'drop') return dropByRule(t, net, message, member.mac, net.ownMac)
  if (verdict === 'redirect') return
  deliver(t, net, { to: net.ownMac, from: member.mac, etherType, payload })
}

/** A frame with both MACs: from a bridge, or a copy that some rule made. */
export const receiveExtFrame = (t: Turn, message: Message) => {
  const p = message.payload
  const start = extFrameStart(p)
  if (start < 0) return drop(t, 'malformed', undefined, message.source)
  const net = joinedAt(t.state.table, p, 0)
  if (net === undefined) return drop(t, 'not-joined', undefined, message.source)
  const flags = extFrameFlags(p)
  if ((flags & extFrameFlag.com) !== 0) {
    const read = decode(extFrame, p)
    if (read._tag === 'Left') return drop(t, 'malformed', net.id, message.source)
    if (read.right.com !== undefined) receiveCom(t, net, message.identity, read.right.com)
  }
  const member = admitted(t, net, message)
  if (member === undefined) return
  const payload = extFrameData(p, start)
  if (payload.length > 0 && !deliverExtFrame(t, net, member, message, start, payload)) return
  if ((flags & extFrameFlag.acknowledge) !== 0)
    reply(t, message, verbCode.ok, verbCode.extFrame, encode(extFrameOk, { network: net.id }))
}

/** `false` if the frame was addressed wrongly: then it is not acknowledged either. */
const deliverExtFrame = (
  t: Turn,
  net: Joined,
  member: Member,
  message: Message,
  start: number,
  payload: Uint8Array,
): boolean => {
  const active = net.active!
  const p = message.payload
  const to = extFrameTo(p, start)
  const from = extFrameFrom(p, start)
  const etherType = extFrameEtherType(p, start)
  const refuse = (reason: 'bad-source' | 'not-a-bridge' | 'multicast-disabled'): false => {
    drop(t, reason, net.id, member.address)
    return false
  }
  if (from === 0 || from === net.ownMac) return refuse('bad-source')
  const verdict = filterIn(t, net, active, member, from, to, etherType, payload)
  if (verdict === 'drop') {
    dropByRule(t, net, message, from, to)
    return true
  }
  if (verdict === 'redirect') return true
  if (verdict === 'accept') {
    if (from !== member.mac) {
      if (!active.bridges.has(member.address)) return refuse('bad-source')
      learnRoute(net.routes, from, member.address)
    } else if (to !== net.ownMac) {
      if (isMulticast(to)) {
        if (active.config.multicastLimit === 0) return refuse('multicast-disabled')
      } else if (!active.isBridge) return refuse('not-a-bridge')
    }
  }
  deliver(t, net, { to, from, etherType, payload })
  return true
}

/** A frame to a group, answered with more members of the group if the sender asks for them. */
export const receiveMulticastFrame = (t: Turn, message: Message) => {
  if (message.payload.length < 8) return drop(t, 'malformed', undefined, message.source)
  const net = joinedAt(t.state.table, message.payload, 0)
  if (net === undefined) return drop(t, 'not-joined', undefined, message.source)
  const read = decode(multicastFrame, message.payload)
  if (read._tag === 'Left') return drop(t, 'malformed', net.id, message.source)
  const { com, gatherLimit, replicate, to, adi, etherType, payload } = read.right
  if (com !== undefined) receiveCom(t, net, message.identity, com)
  const member = admitted(t, net, message)
  if (member === undefined) return
  const active = net.active!
  const peer = member.address
  if (active.config.multicastLimit === 0) return drop(t, 'multicast-disabled', net.id, peer)
  if (payload.length > LARGEST_MULTICAST) return drop(t, 'oversized', net.id, peer)
  if (payload.length > 0) {
    const from = read.right.from ?? member.mac
    if (!isMulticast(to) || from === 0 || isMulticast(from) || from === net.ownMac)
      return drop(t, 'bad-source', net.id, peer)
    if (replicate && active.isReplicator)
      distribute(t, net, active, { mac: to, adi }, { from, etherType, payload: payload.slice() }, peer)
    if (from !== member.mac) {
      if (!active.bridges.has(peer)) return drop(t, 'bad-source', net.id, peer)
      learnRoute(net.routes, from, peer)
    }
    const verdict = filterIn(t, net, active, member, from, to, etherType, payload)
    if (verdict === 'drop') dropByRule(t, net, message, from, to)
    else if (verdict !== 'redirect') deliver(t, net, { to, from, etherType, payload })
  }
  if (gatherLimit !== undefined && gatherLimit > 0) answerGather(t, net, message, to, adi, gatherLimit)
}

const dropByRule = (t: Turn, net: Joined, message: Message, from: Mac, to: Mac): void => {
  drop(t, 'rule', net.id, message.source)
  traceIncoming(t, net, message, from, to)
}

const answerGather = (t: Turn, net: Joined, message: Message, mac: Mac, adi: number, limit: number): void => {
  const network = net.id
  const results = gathered(t, network, net, mac, adi, message.source, limit)
  if (results === undefined) return
  const body = encode(multicastFrameOk, { network, mac, adi, com: undefined, results })
  reply(t, message, verbCode.ok, verbCode.multicastFrame, body)
}

/** The sender, if it may take part; else the message is held and the sender asked for its certificate. */
const admitted = (t: Turn, net: Joined, message: Message): Member | undefined => {
  const member = admitAndTrust(t, net, message.identity)
  if (member === undefined) {
    holdFrame(t, net, message)
    traceDenied(t, net, message)
  }
  return member
}

const LARGEST_MULTICAST = 10_000
