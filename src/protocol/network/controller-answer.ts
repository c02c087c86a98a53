import { type Identity, parseIdentity, sameIdentity } from '../crypto/identity.ts'
import { readU64, writeU64 } from '../kernel/codec.ts'
import { type Address, controllerOf } from '../kernel/id.ts'
import type { Millis } from '../kernel/machine.ts'
import { errorCode } from '../verb/error.ts'
import { OK_FIELDS } from '../verb/network-config.ts'
import { verbCode } from '../verb/verb-code.ts'
import { HEADER } from '../vl1-io.ts'
import type { ConfigRequest } from '../vl2-io.ts'
import { chunkPackets } from './chunk.ts'
import { encodeConfig } from './config-dictionary.ts'
import { assignIps } from './controller-assignment.ts'
import { memberConfig, tagsOf } from './controller-config.ts'
import { watchLogin } from './controller-login.ts'
import { authorized } from './controller-post.ts'
import { type MemberRecord, type NetworkRecord, newMember, pinned } from './controller-record.ts'
import { type Asker, refuse } from './controller-refuse.ts'
import {
  bridgesOf,
  type ControllerTurn,
  type HostedMember,
  hasAsked,
  hasRoom,
  hostMember,
  isOnline,
  MAX_STRANGERS,
  partsOf,
  saveMember,
} from './controller-state.ts'
import { type Dictionary, parseDictionary, text, unsigned } from './dictionary.ts'

/** Decides a request and answers it (`docs/protocol/vl2.md` §14.1–14.3). */
export const answerRequest = (t: ControllerTurn, request: ConfigRequest) => {
  const { network: id, member: identity } = request
  const { state, now } = t
  const to: Asker = { network: id, address: identity.address, packetId: request.packetId, via: request.via }
  const drop = (reason: 'rate-limited' | 'not-ours' | 'table-full' | 'wrong-identity'): void => {
    t.outputs.push({ _tag: 'Drop', reason, network: id, peer: identity.address })
  }
  if (controllerOf(id) !== t.config.self.address) return drop('not-ours')
  const own = identity.address === t.config.self.address
  const network = state.networks.get(id)
  if (network === undefined) {
    if (!own && !mayAsk(state.strangers, identity.address, now)) return drop('rate-limited')
    return refuse(t, to, errorCode.notFound)
  }
  const known = network.members.get(identity.address)
  if (known !== undefined && !own && now - known.lastRequestAt <= REQUEST_EVERY) return drop('rate-limited')
  if (known === undefined && !hasRoom(t, network)) return drop('table-full')

  const member = known ?? hostMember(network, identity.address, newMember(id, identity.address, now))
  hasAsked(member, now)
  if (!isPinnedTo(member.record, identity)) {
    drop('wrong-identity')
    return refuse(t, to, errorCode.accessDenied)
  }
  member.identity = identity
  member.metadata = request.metadata
  decide(t, member, identity, parseDictionary(request.metadata), known === undefined, to)
}

/** A configuration that nobody asked for, where there is anybody to send it to. Refusals are not told. */
export const push = (t: ControllerTurn, member: HostedMember): void => {
  const { identity, metadata } = member
  if (identity === undefined || metadata === undefined || !isOnline(member, t.now)) return
  decide(t, member, identity, parseDictionary(metadata), false, undefined)
}

const decide = (
  t: ControllerTurn,
  member: HostedMember,
  identity: Identity,
  metadata: Dictionary,
  isNew: boolean,
  asker: Asker | undefined,
) => {
  const { now } = t
  const network = member.network.record
  const seen = admitted(network, pinned(member.record, identity), metadata, now)
  const denied = (code: number): void => {
    saveMember(t, member, seen)
    if (asker === undefined) return
    t.outputs.push({ _tag: 'Denied', network: member.network.id, member: member.address, error: code, at: now })
    refuse(t, asker, code)
  }
  if (network.ssoEnabled && !seen.ssoExempt && seen.authenticationExpiryTime <= now)
    return denied(errorCode.authenticationRequired)
  if (!seen.authorized) return denied(errorCode.accessDenied)
  grant(t, member, identity, metadata, isNew ? withDefaults(network, seen) : seen, asker)
}

/** The record, authorized if the network lets in everybody or whoever has a token. */
const admitted = (network: NetworkRecord, record: MemberRecord, metadata: Dictionary, now: Millis): MemberRecord => {
  if (record.authorized) return record
  if (!network.private) return authorized(record, true, 'public', null, now)
  const auth = text(metadata, 'a', MAX_AUTH)
  if (!auth.startsWith('token:') || Array.isArray(network.authTokens)) return record
  const token = auth.slice('token:'.length)
  const ends = Object.entries(network.authTokens).find(([name]) => name === token)?.[1]
  return typeof ends === 'number' && (ends === 0 || ends > now) ? authorized(record, true, 'token', token, now) : record
}

/** Capabilities that every new member gets; those that were let in later do not (§20.10). */
const withDefaults = (network: NetworkRecord, record: MemberRecord): MemberRecord => {
  const granted = network.capabilities.filter((one) => one.default).map((one) => one.id)
  return { ...record, capabilities: [...new Set([...record.capabilities, ...granted])].sort((a, b) => a - b) }
}

const grant = (
  t: ControllerTurn,
  member: HostedMember,
  identity: Identity,
  metadata: Dictionary,
  record: MemberRecord,
  asker: Asker | undefined,
): void => {
  const { crypto, self, random } = t.config
  const hosted = member.network
  const ids = { network: hosted.id, member: member.address }
  const assignment = assignIps(hosted.record, partsOf(hosted), record, ids, (ip) => hosted.owners.has(ip), random)
  const understandsRules = unsigned(metadata, 'revr') >= 1n
  const held = new Set(record.tags.map(([id]) => id))
  const given = [...tagsOf(hosted.record, record)].filter(([id]) => !held.has(id))
  const version = (key: string): number => Number(BigInt.asUintN(32, unsigned(metadata, key)))
  saveMember(t, member, {
    ...record,
    ipAssignments: assignment.assigned,
    tags: understandsRules && given.length > 0 ? [...record.tags, ...given] : record.tags,
    ...(asker === undefined
      ? {}
      : { vMajor: version('majv'), vMinor: version('minv'), vRev: version('revv'), vProto: version('pv') }),
  })
  const dictionary = encodeConfig(
    memberConfig(crypto, self, {
      id: hosted.id,
      network: hosted.record,
      parts: partsOf(hosted),
      member: member.record,
      identity,
      assignment,
      bridges: bridgesOf(hosted),
      understandsRules,
      now: t.now,
    }),
  )
  if (!deliver(t, member, dictionary, asker)) return
  member.issuedAt = t.now
  t.state.due.delete(member)
  watchLogin(t, member)
  t.outputs.push({
    _tag: 'Granted',
    network: hosted.id,
    member: member.address,
    ips: assignment.ips.map((one) => one.address),
  })
}

/** OK to a request, NETWORK_CONFIG without one. `false`: the configuration is longer than anybody takes. */
const deliver = (
  t: ControllerTurn,
  member: HostedMember,
  dictionary: Uint8Array,
  asker: Asker | undefined,
): boolean => {
  const { crypto, self, random } = t.config
  const network = member.network.id
  if (member.address === self.address) {
    t.outputs.push({ _tag: 'Configured', network, dictionary })
    return true
  }
  const requestId = asker?.packetId
  const room = requestId === undefined ? 0 : OK_FIELDS
  const chunks = chunkPackets(crypto, self, network, dictionary, readU64(random(8), 0) || 1n, room)
  if (chunks.length === 0 && asker !== undefined) refuse(t, asker, errorCode.notFound)
  for (const data of chunks) {
    if (requestId !== undefined) {
      data[HEADER] = verbCode.networkConfigRequest
      writeU64(data, HEADER + 1, requestId)
    }
    const verb = requestId === undefined ? verbCode.networkConfig : verbCode.ok
    // without `via`: a configuration may need fragments, which immediate replies are not cut into
    t.packets.push({ to: member.address, verb, data, compress: true })
  }
  return chunks.length > 0
}

const isPinnedTo = (record: MemberRecord, identity: Identity): boolean => {
  if (record.identity === undefined) return true
  const stored = parseIdentity(record.identity)
  return stored._tag === 'Right' && sameIdentity(stored.right, identity)
}

const mayAsk = (strangers: Map<Address, Millis>, who: Address, now: Millis): boolean => {
  const before = strangers.get(who)
  if (before !== undefined && now - before <= REQUEST_EVERY) return false
  strangers.delete(who)
  strangers.set(who, now)
  if (strangers.size > MAX_STRANGERS) strangers.delete(strangers.keys().next().value!)
  return true
}

const REQUEST_EVERY: Millis = 1_000
const MAX_AUTH = 1_023
