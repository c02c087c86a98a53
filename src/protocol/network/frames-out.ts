import type { Frame } from '../kernel/frame.ts'
import type { Address } from '../kernel/id.ts'
import { extFramePacket } from '../verb/ext-frame.ts'
import { framePacket } from '../verb/frame.ts'
import { verbCode } from '../verb/verb-code.ts'
import { BRIDGE_FAN_OUT, isBehind, learnRoute } from './bridge.ts'
import { pushIfNeeded } from './credentials.ts'
import type { Active, Joined } from './joined.ts'
import { addressOf, isMulticast, isNodeMac } from './mac.ts'
import { memberOf } from './member.ts'
import { sendMulticast } from './multicast-send.ts'
import { traceOutgoing } from './remote-trace.ts'
import { filterOut } from './rules.ts'
import { deliver, deliverBehind, deliverHere, drop, isBridging, send, type Turn } from './turn.ts'

/**
 * Frames of the devices behind this node (`docs/protocol/vl2.md` §9, §12), which share a segment with its own host: the
 * rules judge what goes to members, not what stays on that segment.
 */
export const sendBridged = (t: Turn, net: Joined | undefined, frames: readonly Frame[]): void => {
  const active = net?.active
  for (const frame of frames) {
    if (net === undefined || active === undefined) drop(t, net === undefined ? 'not-joined' : 'no-config', net?.id)
    else if (!isBridging(net)) drop(t, 'not-a-bridge', net.id)
    else if (!isBehind(net, frame.from)) drop(t, 'bad-source', net.id)
    else {
      learnRoute(net.routes, frame.from, t.self)
      if (isMulticast(frame.to)) deliverHere(t, net, frame)
      // what both ends of which are behind us has arrived already
      if (net.routes.get(frame.to) !== t.self) sendFrame(t, net, active, frame)
    }
  }
}

/**
 * Frames of the host stack (`docs/protocol/vl2.md` §9). A unicast frame becomes a packet in the headroom of its own
 * payload, nothing is copied.
 */
export const sendFrames = (t: Turn, net: Joined | undefined, frames: readonly Frame[]): void => {
  const active = net?.active
  if (net === undefined || active === undefined) {
    for (let i = 0; i < frames.length; i++) drop(t, net === undefined ? 'not-joined' : 'no-config', net?.id)
    return
  }
  const bridging = isBridging(net)
  for (const frame of frames) if (!(bridging && sentBehind(t, net, frame))) sendFrame(t, net, active, frame)
}

/** Gives a frame of the host stack to the devices behind this node that may want it; `true` if nobody else can. */
const sentBehind = (t: Turn, net: Joined, frame: Frame): boolean => {
  if (isNodeMac(net.macs, frame.to)) return false
  const bridge = isMulticast(frame.to) ? undefined : net.routes.get(frame.to)
  if (bridge !== undefined && bridge !== t.self) return false
  deliverBehind(t, net, frame)
  return bridge === t.self
}

const sendFrame = (t: Turn, net: Joined, active: Active, frame: Frame) => {
  const { to, from, etherType, payload } = frame
  const bridged = from !== net.ownMac
  if (bridged && !active.isBridge) return drop(t, 'not-a-bridge', net.id)
  if (payload.length > LARGEST_FRAME) return drop(t, 'oversized', net.id)
  if (isMulticast(to)) return sendMulticast(t, net, active, frame)
  if (to === net.ownMac) return deliver(t, net, frame)
  if (!isNodeMac(net.macs, to)) return sendToBridges(t, net, active, frame)
  const peer = addressOf(net.macs, to)
  const verdict = filterOut(t, net, active, peer, from, to, etherType, payload, false)
  if (verdict === 'drop') {
    traceOutgoing(t, net, from, to, etherType, payload.length)
    return drop(t, 'rule', net.id, peer)
  }
  if (verdict === 'redirect') return
  pushIfNeeded(t, net, memberOf(net, peer))
  if (bridged) send(t, peer, verbCode.extFrame, extFramePacket(net.key, 0, to, from, etherType, payload))
  else send(t, peer, verbCode.frame, framePacket(net.key, etherType, payload))
}

/** To a device behind a bridge: the bridge it was seen behind, else several of them. */
const sendToBridges = (t: Turn, net: Joined, active: Active, frame: Frame) => {
  const { to, from, etherType, payload } = frame
  const verdict = filterOut(t, net, active, undefined, from, to, etherType, payload, false)
  if (verdict === 'drop') {
    traceOutgoing(t, net, from, to, etherType, payload.length)
    return drop(t, 'rule', net.id)
  }
  if (verdict === 'redirect') return
  for (const bridge of bridgesTowards(t, net, active, frame)) {
    const each = filterOut(t, net, active, bridge, from, to, etherType, payload, true)
    if (each === 'drop') drop(t, 'rule', net.id, bridge)
    else if (each !== 'redirect')
      send(t, bridge, verbCode.extFrame, extFramePacket(net.key, 0, to, from, etherType, payload, true))
  }
}

const bridgesTowards = (t: Turn, net: Joined, active: Active, frame: Frame): readonly Address[] => {
  const route = net.routes.get(frame.to)
  if (route !== undefined && route !== t.self && active.bridges.has(route)) return [route]
  const others = [...active.bridges].filter((one) => one !== t.self)
  if (others.length === 0 && !isBridging(net)) drop(t, 'not-a-member', net.id)
  if (others.length <= BRIDGE_FAN_OUT) return others
  // a window at a random place spreads the load as well as a random choice
  const at = t.config.random(1)[0]! % others.length
  return [...others.slice(at), ...others.slice(0, at)].slice(0, BRIDGE_FAN_OUT)
}

/** What fits into a packet of 10024 bytes behind every header a frame can get. */
const LARGEST_FRAME = 10_024 - 28 - 31
