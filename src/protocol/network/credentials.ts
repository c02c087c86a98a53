import type { Identity } from '../crypto/identity.ts'
import { decode, encode, writeU16 } from '../kernel/codec.ts'
import type { Address, NetworkId } from '../kernel/id.ts'
import type { Millis } from '../kernel/machine.ts'
import { networkCredentials, noCredentials } from '../verb/network-credentials.ts'
import { verbCode } from '../verb/verb-code.ts'
import type { Message } from '../vl1-io.ts'
import type { NetworkConfig } from './config.ts'
import { requestNow } from './config-request.ts'
import { capabilityIssuedTo } from './credential/capability.ts'
import type { Com } from './credential/com.ts'
import { comIssuedTo, comNetwork, comTimestamp } from './credential/com.ts'
import { credentialType, FAST_PROPAGATE, type Revocation } from './credential/revocation.ts'
import { holdForSigner } from './held.ts'
import type { Joined } from './joined.ts'
import { type Member, memberOf } from './member.ts'
import {
  type Filed,
  fileCapability,
  fileCom,
  fileOwnership,
  fileRevocation,
  fileTag,
  type Judge,
} from './membership.ts'
import { type RejectedCredential, traceRejected } from './remote-trace.ts'
import { punish, spendCheck } from './signature-budget.ts'
import { drop, packetOf, send, type Turn, trust } from './turn.ts'

/**
 * NETWORK_CREDENTIALS received (`docs/protocol/vl2.md` §6.1). The whole packet waits while the signer of one of its
 * objects is unknown; what follows a forged one is not looked at.
 */
export const receiveCredentials = (t: Turn, message: Message) => {
  const read = decode(networkCredentials, message.payload)
  if (read._tag === 'Left') return drop(t, 'malformed', undefined, message.source)
  const { coms, capabilities, tags, revocations, ownership } = read.right
  const judge = judgeFor(t, message.source)
  let waitsFor: Joined | undefined
  /** Whether to go on. */
  const take = (
    network: NetworkId,
    proves: boolean,
    what: RejectedCredential,
    file: (net: Joined) => Filed,
  ): boolean => {
    const net = t.state.table.byId.get(network)
    if (net === undefined) return true
    const filed = file(net)
    if (filed === 'unknown-signer') waitsFor = net
    if (filed === 'new' || (filed === 'redundant' && proves)) trust(t, memberOf(net, message.source))
    return !refused(t, net, message.source, what, filed)
  }
  const takeRevocation = (one: Revocation) => (net: Joined) => {
    const filed = fileRevocation(judge, net, one)
    if (filed === 'new' && (one.flags & FAST_PROPAGATE) !== 0n) spread(t, net, one, message.source)
    // our own certificate: the controller says whether we are still in, now and not at the next renewal
    if (filed === 'new' && one.target === t.self) requestNow(t, net)
    return filed
  }
  const takeCom = (one: Com) => (net: Joined) => {
    const filed = fileCom(judge, net, one)
    if (filed === 'new') t.shown.push(comIssuedTo(one))
    return filed
  }
  const intact =
    coms.every((one) => take(comNetwork(one), true, comAs(one), takeCom(one))) &&
    capabilities.every((one) =>
      take(one.network, true, { ...idOf(one), type: credentialType.capability, of: capabilityIssuedTo(one) }, (net) =>
        fileCapability(judge, net, one),
      ),
    ) &&
    tags.every((one) =>
      take(one.network, true, { ...idOf(one), type: credentialType.tag, of: one.issuedTo }, (net) =>
        fileTag(judge, net, one),
      ),
    ) &&
    // a revocation that brings nothing new is not verified, so it proves nothing either
    revocations.every((one) =>
      take(one.network, false, { type: credentialType.revocation, id: one.id, of: one.target }, takeRevocation(one)),
    ) &&
    ownership.every((one) =>
      take(one.network, true, { ...idOf(one), type: credentialType.ownership, of: one.issuedTo }, (net) =>
        fileOwnership(judge, net, one),
      ),
    )
  if (intact && waitsFor !== undefined) holdForSigner(t, waitsFor, message, waitsFor.controller)
}

/** A COM that came inside EXT_FRAME, MULTICAST_FRAME or MULTICAST_GATHER. */
export const receiveCom = (t: Turn, net: Joined, from: Identity, value: Com): void => {
  if (comNetwork(value) !== net.id) return
  const filed = fileCom(judgeFor(t, from.address), net, value)
  if (filed === 'new') t.shown.push(comIssuedTo(value))
  refused(t, net, from.address, comAs(value), filed)
}

const comAs = (one: Com): RejectedCredential => ({
  type: credentialType.com,
  id: 0,
  timestamp: comTimestamp(one),
  of: comIssuedTo(one),
})
const idOf = ({ id, timestamp }: { readonly id: number; readonly timestamp: bigint }) => ({ id, timestamp })

const judgeFor = (t: Turn, from: Address): Judge => ({
  crypto: t.config.crypto,
  identityOf: t.identityOf,
  mayCheck: () => spendCheck(t.state.signatureBudgets, from, t.now),
})

/** Says why a credential was not taken; `true` if its bringer deserves no more attention. */
const refused = (t: Turn, net: Joined, from: Address, what: RejectedCredential, filed: Filed): boolean => {
  if (filed === 'refused' || filed === 'forged') {
    drop(t, 'bad-credential', net.id, from)
    traceRejected(t, net, what, filed === 'forged' ? 'invalid' : 'old or revoked')
  }
  if (filed === 'unchecked') drop(t, 'rate-limited', net.id, from)
  if (filed === 'forged') punish(t.state.signatureBudgets, from, t.now)
  return filed === 'forged' || filed === 'unchecked'
}

/** Shows this node's credentials to a member before it gets frames: once for each configuration, and then now and again. */
export const pushIfNeeded = (t: Turn, net: Joined, member: Member): void => {
  if (member.pushedAt >= net.appliedAt && t.now - member.pushedAt <= PUSH_AGAIN) return
  push(t, net, member)
}

/** ERROR 06: the peer has not seen our certificate. */
export const pushOnDemand = (t: Turn, net: Joined, member: Member): void => {
  if (net.active?.com === undefined) return
  if (member.pushedAt < net.appliedAt || t.now - member.pushedAt > PUSH_ON_DEMAND) push(t, net, member)
}

const push = (t: Turn, net: Joined, member: Member): void => {
  member.pushedAt = t.now
  for (const payload of net.active?.credentials ?? [])
    send(t, member.address, verbCode.networkCredentials, packetOf(payload), true)
}

/**
 * The NETWORK_CREDENTIALS payloads that present the holder of `config`, each of at most one packet; none without
 * anything to show. The objects are taken over as the controller wrote them.
 */
export const ownCredentials = (config: NetworkConfig): readonly Uint8Array[] => {
  const { capabilities, tags, ownership } = config
  if (config.com === undefined && capabilities.length + tags.length + ownership.length === 0) return []
  const payloads: Uint8Array[] = []
  let batch = emptyBatch(config.com)
  const add = (kind: 'capabilities' | 'tags' | 'ownership', object: Uint8Array): void => {
    if (batch.size + object.length > MAX_PAYLOAD) {
      payloads.push(joinBatch(batch))
      batch = emptyBatch(undefined)
    }
    batch[kind].push(object)
    batch.size += object.length
  }
  for (const one of capabilities) add('capabilities', one)
  for (const one of tags) add('tags', one)
  for (const one of ownership) add('ownership', one)
  payloads.push(joinBatch(batch))
  return payloads
}

interface Batch {
  readonly com: Uint8Array | undefined
  readonly capabilities: Uint8Array[]
  readonly tags: Uint8Array[]
  readonly ownership: Uint8Array[]
  size: number
}
const emptyBatch = (com: Uint8Array | undefined): Batch => ({
  com,
  capabilities: [],
  tags: [],
  ownership: [],
  size: (com?.length ?? 0) + 9,
})
const joinBatch = ({ com, capabilities, tags, ownership, size }: Batch): Uint8Array => {
  const out = new Uint8Array(size)
  let at = 0
  const put = (bytes: Uint8Array): void => {
    out.set(bytes, at)
    at += bytes.length
  }
  const list = (objects: readonly Uint8Array[]): void => {
    writeU16(out, at, objects.length)
    at += 2
    objects.forEach(put)
  }
  if (com !== undefined) put(com)
  at += 1
  list(capabilities)
  list(tags)
  list([])
  list(ownership)
  return out
}

/** Passes a revocation on to everybody in the network but whoever brought it and whoever signed it. */
const spread = (t: Turn, net: Joined, value: Revocation, from: Address): void => {
  const payload = encode(networkCredentials, { ...noCredentials, revocations: [value] })
  for (const member of net.members.keys())
    if (member !== from && member !== value.signedBy && member !== t.self)
      send(t, member, verbCode.networkCredentials, packetOf(payload))
}

const MAX_PAYLOAD = 9_996
const PUSH_AGAIN: Millis = 500_000
const PUSH_ON_DEMAND: Millis = 1_000
