import { decode, encode } from '../kernel/codec.ts'
import { isReserved } from '../kernel/id.ts'
import {
  errorAuthenticationRequired,
  errorCode,
  errorNetwork,
  errorUnwantedMulticast,
  error as errorVerb,
} from '../verb/error.ts'
import { NETWORK_CONFIG_OK_IN_RE, networkConfigOk, OK_FIELDS } from '../verb/network-config.ts'
import { verbCode } from '../verb/verb-code.ts'
import type { Message } from '../vl1-io.ts'
import { applyDictionary, fail } from './apply.ts'
import { parseAuthentication } from './authentication.ts'
import { parseChunk, type SignedPart, verifyChunk } from './chunk.ts'
import { addChunk, hasChunk } from './chunk-assembly.ts'
import { pushOnDemand } from './credentials.ts'
import { holdForSigner } from './held.ts'
import { type Joined, joinedAt } from './joined.ts'
import { memberOf } from './member.ts'
import { receiveUnwanted } from './multicast-receive.ts'
import { punish, spendCheck } from './signature-budget.ts'
import { drop, packetOf, reply, send, type Turn } from './turn.ts'

/**
 * A part of a configuration (`docs/protocol/vl2.md` §7.2): in an OK to our request or pushed, from the controller or
 * passed on by anybody, since its signature is what counts.
 */
export const receiveChunk = (t: Turn, message: Message, at: number) => {
  const read = parseChunk(message.payload, at)
  if (read._tag === 'Left') return drop(t, 'bad-chunk', undefined, message.source)
  const net = joinedAt(t.state.table, message.payload, at)
  if (net === undefined) return drop(t, 'not-joined', undefined, message.source)
  const { data, signed } = read.right
  if (signed === undefined) {
    if (message.source !== net.controller) return drop(t, 'unexpected-sender', net.id, message.source)
    return complete(t, net, message, data.slice(), message.packetId)
  }
  if (hasChunk(net.assembly, signed)) return
  const controller = t.identityOf(net.controller)
  if (controller === undefined) {
    if (!isReserved(net.controller)) holdForSigner(t, net, message, net.controller)
    return
  }
  if (!spendCheck(t.state.signatureBudgets, message.source, t.now))
    return drop(t, 'rate-limited', net.id, message.source)
  if (!verifyChunk(t.config.crypto, controller, signed)) {
    punish(t.state.signatureBudgets, message.source, t.now)
    return drop(t, 'bad-chunk', net.id, message.source)
  }
  if (signed.fastPropagate) spread(t, net, message, signed)
  const added = addChunk(net.assembly, signed, data)
  if (added._tag === 'Refused') return drop(t, 'bad-chunk', net.id, message.source)
  if (added._tag === 'Complete') complete(t, net, message, added.dictionary, signed.updateId)
}

/**
 * A push is confirmed, with the verb that deployed controllers expect there. An answer of the controller itself counts
 * whatever its clock says; what others pass on, or somebody repeats, must not be older than what is in force.
 */
const complete = (t: Turn, net: Joined, message: Message, dictionary: Uint8Array, updateId: bigint): void => {
  const answered = message.verb === verbCode.ok && message.source === net.controller
  if (
    !applyDictionary(t, net, dictionary, answered ? 'controller' : 'pushed') ||
    message.verb !== verbCode.networkConfig
  )
    return
  const body = encode(networkConfigOk, { network: net.id, updateId })
  reply(t, message, verbCode.ok, NETWORK_CONFIG_OK_IN_RE, body)
}

const spread = (t: Turn, net: Joined, message: Message, signed: SignedPart): void => {
  for (const member of net.members.keys())
    if (member !== message.source && member !== net.controller && member !== t.self)
      send(t, member, verbCode.networkConfig, packetOf(signed.bytes))
}

/** ERROR (§4.2): refusals of the controller, and what members say of our frames. VL1 has dealt with those about itself. */
export const receiveError = (t: Turn, message: Message) => {
  const read = decode(errorVerb, message.payload)
  if (read._tag === 'Left') return drop(t, 'malformed', undefined, message.source)
  const { inReVerb, code, detail } = read.right
  const about = decode(errorNetwork, detail)
  if (about._tag === 'Left') return
  const net = joinedAt(t.state.table, detail, 0)
  if (net === undefined) return drop(t, 'not-joined', undefined, message.source)
  switch (code) {
    case errorCode.needCertificate:
      return pushOnDemand(t, net, memberOf(net, message.source))
    case errorCode.unwantedMulticast: {
      const group = decode(errorUnwantedMulticast, detail)
      if (group._tag === 'Right') receiveUnwanted(t, message, net, group.right.mac, group.right.adi)
      return
    }
    case errorCode.notFound:
    case errorCode.unsupported:
    case errorCode.accessDenied:
    case errorCode.authenticationRequired:
      if (message.source !== net.controller) return drop(t, 'unexpected-sender', net.id, message.source)
      if (code === errorCode.accessDenied) return fail(t, net, 'denied')
      if (code === errorCode.authenticationRequired) return authenticationRequired(t, net, detail)
      if (inReVerb === verbCode.networkConfigRequest) fail(t, net, 'not-found')
      return
    default:
      return
  }
}

/** What is required is said in a dictionary; one that says nothing changes nothing (§7.6). */
export const authenticationRequired = (t: Turn, net: Joined, detail: Uint8Array) => {
  const read = decode(errorAuthenticationRequired, detail)
  if (read._tag === 'Left' || read.right.dictionary === undefined || read.right.dictionary.length === 0)
    return fail(t, net, 'auth-required')
  const authentication = parseAuthentication(read.right.dictionary)
  if (authentication !== undefined) fail(t, net, 'auth-required', authentication)
}

/** Where the chunk of an OK begins. */
export const CHUNK_IN_OK = OK_FIELDS
