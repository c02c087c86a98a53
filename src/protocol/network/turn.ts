import type { Crypto } from '../crypto/suite.ts'
import { writeU64 } from '../kernel/codec.ts'
import type { Frame } from '../kernel/frame.ts'
import type { Address, NetworkId } from '../kernel/id.ts'
import type { Millis } from '../kernel/machine.ts'
import type { Random } from '../kernel/rng.ts'
import { verbCode } from '../verb/verb-code.ts'
import { HEADER, type Message, type OutPacket, type Vl1View } from '../vl1-io.ts'
import type { FrameDropReason, Vl2Output } from '../vl2-io.ts'
import type { IdentityOf } from './credential/signature.ts'
import type { Held } from './held.ts'
import type { Joined, JoinedTable } from './joined.ts'
import { isMulticast } from './mac.ts'
import type { Member } from './member.ts'
import type { GroupTable } from './multicast-group.ts'
import type { Outgoing } from './multicast-send.ts'
import type { SignatureBudgets } from './signature-budget.ts'

export interface Vl2Config {
  readonly crypto: Crypto
  readonly random: Random
  readonly view: Vl1View
  /** Software version, told to controllers. */
  readonly version: { readonly major: number; readonly minor: number; readonly revision: number }
  /** Whether this node has a controller: then requests go out as `ConfigRequest`, else strangers get ERROR 05. */
  readonly controller: boolean
  /** Whether this node's controller issued `member` a configuration lately (`docs/protocol/vl2.md` §14.2). */
  readonly issued?: (network: NetworkId, member: Address) => boolean
  /** `<os>/<arch>` for the controller's records. */
  readonly platform?: string
}

export interface Vl2State {
  readonly table: JoinedTable
  readonly held: Held[]
  readonly groups: GroupTable
  /** Multicasts that later members of their group get as well, oldest first. */
  readonly outgoing: Outgoing[]
  readonly signatureBudgets: SignatureBudgets
  /** The machine's one deadline: never later than the earliest thing due. */
  wakeAt: Millis
}

/** One step of the machine being worked out: what it may ask, and what it has decided so far. */
export interface Turn {
  readonly config: Vl2Config
  readonly state: Vl2State
  readonly now: Millis
  readonly self: Address
  /** Whom this node knows, itself included: it may be the controller that signed. */
  readonly identityOf: IdentityOf
  readonly news: Vl2Output[]
  readonly packets: OutPacket[]
  readonly inboxes: Joined[]
  /** Networks with frames for devices behind this node. */
  readonly outboxes: Joined[]
  readonly trusted: Address[]
  /** Whose certificate arrived: what they sent before it can be judged now. */
  readonly shown: Address[]
  /** Networks with a new configuration: what they held can be judged now. */
  readonly configured: Joined[]
}

export const turn = (config: Vl2Config, state: Vl2State, now: Millis): Turn => ({
  config,
  state,
  now,
  self: config.view.self.address,
  identityOf: identities(config.view),
  news: [],
  packets: [],
  inboxes: [],
  outboxes: [],
  trusted: [],
  shown: [],
  configured: [],
})

const identities =
  (view: Vl1View): IdentityOf =>
  (address) =>
    address === view.self.address ? view.self : view.identityOf(address)

/** The outputs of a finished step: news first, then one batch of packets, then one of frames for each network. */
export const outputsOf = (t: Turn): readonly Vl2Output[] => {
  const out = t.news
  if (t.packets.length > 0) out.push({ _tag: 'Send', packets: t.packets })
  for (const net of t.inboxes) {
    out.push({ _tag: 'Frames', network: net.id, frames: net.inbox })
    net.inbox = []
  }
  for (const net of t.outboxes) {
    out.push({ _tag: 'Bridged', network: net.id, frames: net.behind })
    net.behind = []
  }
  if (t.trusted.length > 0) out.push({ _tag: 'Trust', peers: t.trusted })
  return out
}

export const wake = (t: Turn, at: Millis): void => {
  if (at < t.state.wakeAt) t.state.wakeAt = at
}

export const drop = (t: Turn, reason: FrameDropReason, network: NetworkId | undefined, peer?: Address): void => {
  t.news.push(peer === undefined ? { _tag: 'Drop', reason, network } : { _tag: 'Drop', reason, network, peer })
}

/** A frame from the network: to the host stack, or where this node is a bridge to the devices behind it, or to both. */
export const deliver = (t: Turn, net: Joined, frame: Frame): void => {
  if (frame.to !== net.ownMac && isBridging(net)) {
    deliverBehind(t, net, frame)
    if (!isMulticast(frame.to)) return
  }
  deliverHere(t, net, frame)
}
export const deliverHere = (t: Turn, net: Joined, frame: Frame): void => {
  if (net.inbox.length === 0) t.inboxes.push(net)
  net.inbox.push(frame)
}
export const deliverBehind = (t: Turn, net: Joined, frame: Frame): void => {
  if (net.behind.length === 0) t.outboxes.push(net)
  net.behind.push(frame)
}
export const isBridging = (net: Joined): boolean => net.bridging && net.active?.isBridge === true

/** `data`: `HEADER` blank bytes, then the payload. */
export const send = (t: Turn, to: Address, verb: number, data: Uint8Array, compress = false): void => {
  t.packets.push(compress ? { to, verb, data, compress } : { to, verb, data })
}

/** A copy of `payload` behind a blank header. */
export const packetOf = (payload: Uint8Array): Uint8Array => {
  const data = new Uint8Array(HEADER + payload.length)
  data.set(payload, HEADER)
  return data
}

/** OK or ERROR to a message, by the way it came: in-re verb, its packet ID, then `body`. */
export const reply = (
  t: Turn,
  to: Message,
  verb: typeof verbCode.ok | typeof verbCode.error,
  inRe: number,
  body: Uint8Array,
): void => {
  const data = new Uint8Array(HEADER + 9 + body.length)
  data[HEADER] = inRe
  writeU64(data, HEADER + 1, to.packetId)
  data.set(body, HEADER + 9)
  t.packets.push({ to: to.source, verb, data, via: to.via })
}

/** ERROR to a message: `code`, then the network. */
export const refuse = (t: Turn, to: Message, code: number, network: NetworkId): void => {
  const body = new Uint8Array(9)
  body[0] = code
  writeU64(body, 1, network)
  reply(t, to, verbCode.error, to.verb, body)
}

/** Tells VL1 that the peer shares a network with us; it remembers for minutes, so it need not hear of every frame. */
export const trust = (t: Turn, member: Member): void => {
  if (t.now - member.trustedAt < TRUST_PERIOD) return
  member.trustedAt = t.now
  t.trusted.push(member.address)
}

const TRUST_PERIOD: Millis = 10_000
