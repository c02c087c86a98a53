import { decode } from './kernel/codec.ts'
import { absurd } from './kernel/fp.ts'
import { type Address, controllerOf } from './kernel/id.ts'
import type { Machine, Millis, Step } from './kernel/machine.ts'
import { announceAll, HOST_GROUPS, repeatNews, updateGroups } from './network/announce.ts'
import { setBridging } from './network/bridge.ts'
import { CHUNK_IN_OK, receiveChunk, receiveError } from './network/config-receive.ts'
import { requestConfig, requestSoon } from './network/config-request.ts'
import { receiveCredentials } from './network/credentials.ts'
import { receiveExtFrame, receiveFrame, receiveMulticastFrame } from './network/frames-in.ts'
import { sendBridged, sendFrames } from './network/frames-out.ts'
import { type Held, release, tickHeld } from './network/held.ts'
import { askHere, configuredHere, join, leave, refusedHere } from './network/join.ts'
import { type Joined, joinedTable } from './network/joined.ts'
import { groupTable, sweepGroups } from './network/multicast-group.ts'
import { receiveFrameOk, receiveGather, receiveGatherOk, receiveLike } from './network/multicast-receive.ts'
import { GROUP_BEHIND_FOR, tickOutgoing } from './network/multicast-send.ts'
import { drop, outputsOf, refuse, type Turn, turn, type Vl2Config, type Vl2State, wake } from './network/turn.ts'
import { errorCode } from './verb/error.ts'
import { networkConfigRequest } from './verb/network-config-request.ts'
import { remoteTrace } from './verb/remote-trace.ts'
import { verbCode } from './verb/verb-code.ts'
import type { Message } from './vl1-io.ts'
import type { Vl2Input, Vl2Output } from './vl2-io.ts'

export type { Vl2Config, Vl2State } from './network/turn.ts'

/**
 * VL2 of one node (`docs/protocol/vl2.md`): between VL1's messages and the frames of the host stacks, one of which
 * there is for each joined network. The state is a mutable accumulator; one machine for each node.
 */
export const vl2 = (config: Vl2Config): Machine<Vl2State, Vl2Input, Vl2Output> => ({
  initial: {
    table: joinedTable(),
    held: [],
    groups: groupTable(),
    outgoing: [],
    signatureBudgets: new Map(),
    wakeAt: Infinity,
  },
  step: (state, input, now): Step<Vl2State, Vl2Output> => {
    const t = turn(config, state, now)
    take(t, input)
    return [state, outputsOf(t)]
  },
  deadline: (state) => state.wakeAt,
  tick: (state, now): Step<Vl2State, Vl2Output> => {
    if (now < state.wakeAt) return [state, []]
    const t = turn(config, state, now)
    tick(t)
    return [state, outputsOf(t)]
  },
})

const take = (t: Turn, input: Vl2Input) => {
  switch (input._tag) {
    case 'Messages':
      for (const message of input.messages) hear(t, message)
      return
    case 'Frames':
      return sendFrames(t, t.state.table.byId.get(input.network), input.frames)
    case 'Bridged':
      return sendBridged(t, t.state.table.byId.get(input.network), input.frames)
    case 'Bridging': {
      const net = t.state.table.byId.get(input.network)
      if (net !== undefined) setBridging(net, t.self, input.on)
      return
    }
    case 'Join':
      join(t, input.network, input.cached, input.auth)
      return retryHeld(t)
    case 'Leave':
      return leave(t, input.network)
    case 'Groups': {
      const net = t.state.table.byId.get(input.network)
      if (net === undefined) return drop(t, 'not-joined', input.network)
      net.hostGroups = input.groups.slice(0, HOST_GROUPS)
      return updateGroups(t, net)
    }
    case 'Learned':
      return learned(t, input.identity.address)
    case 'Online':
      for (const net of t.state.table.byId.values()) requestSoon(t, net)
      return
    case 'Hosting':
      for (const net of t.state.table.byId.values()) askHere(t, net)
      return
    case 'Configured':
      configuredHere(t, input.network, input.dictionary)
      return retryHeld(t)
    case 'Refused':
      return refusedHere(t, input.network, input.error)
    default:
      return absurd(input)
  }
}

const hear = (t: Turn, message: Message): void => {
  receive(t, message)
  retryHeld(t)
}

const receive = (t: Turn, message: Message) => {
  switch (message.verb) {
    case verbCode.frame:
      return receiveFrame(t, message)
    case verbCode.extFrame:
      return receiveExtFrame(t, message)
    case verbCode.multicastFrame:
      return receiveMulticastFrame(t, message)
    case verbCode.networkCredentials:
      return receiveCredentials(t, message)
    case verbCode.multicastLike:
      return receiveLike(t, message)
    case verbCode.multicastGather:
      return receiveGather(t, message)
    case verbCode.networkConfig:
      return receiveChunk(t, message, 0)
    case verbCode.networkConfigRequest:
      return receiveRequest(t, message)
    case verbCode.remoteTrace:
      return receiveTraces(t, message)
    case verbCode.ok:
      return receiveOk(t, message)
    case verbCode.error:
      return receiveError(t, message)
    default: // for some other layer
      return
  }
}

const receiveOk = (t: Turn, message: Message) => {
  switch (message.payload[0]) {
    case verbCode.networkConfigRequest:
      return receiveChunk(t, message, CHUNK_IN_OK)
    case verbCode.multicastGather:
      return receiveGatherOk(t, message, message.payload.subarray(CHUNK_IN_OK))
    case verbCode.multicastFrame:
      return receiveFrameOk(t, message, message.payload.subarray(CHUNK_IN_OK))
    default:
      return
  }
}

/** For the controller in this node, if there is one; it ignores networks that are not its own. */
const receiveRequest = (t: Turn, message: Message) => {
  const read = decode(networkConfigRequest, message.payload)
  if (read._tag === 'Left') return drop(t, 'malformed', undefined, message.source)
  const { network, metadata } = read.right
  if (!t.config.controller) return refuse(t, message, errorCode.unsupported, network)
  if (controllerOf(network) !== t.self) return drop(t, 'not-joined', network, message.source)
  const { identity: member, packetId, via } = message
  t.news.push({ _tag: 'ConfigRequest', request: { network, member, metadata, packetId, via } })
}

/** Only a controller has a use for them. */
const receiveTraces = (t: Turn, message: Message) => {
  if (!t.config.controller) return
  const read = decode(remoteTrace, message.payload)
  if (read._tag === 'Left') return drop(t, 'malformed', undefined, message.source)
  t.news.push({ _tag: 'Traced', peer: message.source, traces: read.right })
}

/** What was held for a certificate or a configuration that is here now, in the order it came. */
const retryHeld = (t: Turn): void => {
  while (t.shown.length > 0 || t.configured.length > 0) {
    const shown = new Set(t.shown.splice(0))
    const configured = new Set(t.configured.splice(0))
    const ready = release(
      t,
      ({ awaits, network }) =>
        'credentialsOf' in awaits &&
        (shown.has(awaits.credentialsOf) || (network !== undefined && configured.has(network))),
    )
    for (const held of ready) receive(t, held.message)
  }
}

const learned = (t: Turn, address: Address): void => {
  const ready = release(t, (held: Held) => 'identityOf' in held.awaits && held.awaits.identityOf === address)
  for (const { message } of ready) receive(t, message)
  retryHeld(t)
  for (const net of t.state.table.byId.values()) if (net.controller === address) requestSoon(t, net)
}

/** Everything that is due; the deadline is found anew. */
const tick = (t: Turn): void => {
  t.state.wakeAt = Infinity
  for (const net of t.state.table.byId.values()) tickNetwork(t, net, t.now)
  tickHeld(t)
  tickOutgoing(t)
  sweepGroups(t.state.groups, t.now)
  wake(t, t.state.groups.sweepAt)
  retryHeld(t)
}

const tickNetwork = (t: Turn, net: Joined, now: Millis): void => {
  if (now >= net.requestAt) requestConfig(t, net)
  if (now >= net.announceAt) {
    for (const [key, { seenAt }] of net.groupsBehind) if (now - seenAt >= GROUP_BEHIND_FOR) net.groupsBehind.delete(key)
    updateGroups(t, net)
    announceAll(t, net)
  }
  if (now >= net.repeatAt) repeatNews(t, net)
  wake(t, Math.min(net.requestAt, net.announceAt, net.repeatAt))
}
