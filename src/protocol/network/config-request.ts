import { encode } from '../kernel/codec.ts'
import { isReserved } from '../kernel/id.ts'
import type { Millis } from '../kernel/machine.ts'
import { networkConfigRequest } from '../verb/network-config-request.ts'
import { verbCode } from '../verb/verb-code.ts'
import { adhocConfig } from './adhoc.ts'
import { ANSWER_SPACING, applyConfig, fail } from './apply.ts'
import { encodeConfig } from './config-dictionary.ts'
import { printDictionary, textValue, unsignedValue } from './dictionary.ts'
import type { Joined } from './joined.ts'
import { packetOf, send, type Turn, wake } from './turn.ts'

/**
 * Asking the controller (`docs/protocol/vl2.md` §7.1). Driven by events: at once on joining and when the controller's
 * identity becomes known; again until something is heard; once a minute to renew. A controller answers once in a
 * second and pushes nothing to a node that waits for approval, so a refused node asks at a little more than that.
 */
export const requestConfig = (t: Turn, net: Joined) => {
  if (isReserved(net.controller)) return synthesize(t, net)
  net.requestAt = t.now + nextInterval(net)
  wake(t, net.requestAt)
  net.asked++
  if (net.controller === t.self) return askOwnController(t, net)
  if (t.identityOf(net.controller) === undefined) {
    // nothing is sent before: what waits for an identity in VL1 would go out several times over
    t.news.push({ _tag: 'Whois', address: net.controller })
    return
  }
  net.requestedAt = t.now
  const held = net.active?.config
  const payload = encode(networkConfigRequest, {
    network: net.id,
    metadata: requestMetadata(t, net),
    revision: held?.revision ?? 0n,
    timestamp: held?.timestamp ?? 0n,
  })
  send(t, net.controller, verbCode.networkConfigRequest, packetOf(payload), true)
}

/** The controller can be reached now: no need to wait for the next turn, unless it was asked a moment ago. */
export const requestSoon = (t: Turn, net: Joined): void => {
  if (isReserved(net.controller)) return
  const due = net.active === undefined || net.failure !== undefined || t.now >= net.refreshAt
  if (due) requestNow(t, net)
}

/** As soon as the controller will answer. */
export const requestNow = (t: Turn, net: Joined): void => {
  net.asked = 0
  net.requestAt = Math.min(net.requestAt, Math.max(t.now, net.requestedAt + ANSWER_SPACING))
  wake(t, net.requestAt)
  if (net.requestAt <= t.now) requestConfig(t, net)
}

/**
 * While nothing was heard, quickly: a controller ignores what comes too soon after a request that did arrive. A
 * controller that refuses is asked about once in a second for a minute, when somebody is likely to be busy with the
 * approval, and then as often as deployed nodes ask.
 */
const nextInterval = (net: Joined): Millis => {
  if (net.failure === undefined && net.asked < UNHEARD.length) return UNHEARD[net.asked]!
  return net.asked < EAGER ? ANSWER_SPACING : PATIENT
}

const requestMetadata = (t: Turn, net: Joined): Uint8Array => {
  const { version, platform } = t.config
  const number = (value: number): Uint8Array => unsignedValue(BigInt(value))
  return printDictionary([
    ['v', number(7)],
    ['vend', number(1)],
    ['pv', number(PROTOCOL)],
    ['majv', number(version.major)],
    ['minv', number(version.minor)],
    ['revv', number(version.revision)],
    ['mr', number(0x400)],
    ['mc', number(0x80)],
    ['mcr', number(0x40)],
    ['mt', number(0x80)],
    ['f', number(0)],
    ['revr', number(1)],
    ['o', textValue(platform ?? 'unknown/unknown')],
    ...(net.auth === undefined ? [] : ([['a', textValue(net.auth)]] as const)),
  ])
}

const askOwnController = (t: Turn, net: Joined) => {
  if (!t.config.controller) return fail(t, net, 'not-found')
  net.requestedAt = t.now
  const request = {
    network: net.id,
    member: t.config.view.self,
    metadata: requestMetadata(t, net),
    packetId: undefined,
    via: undefined,
  }
  t.news.push({ _tag: 'ConfigRequest', request })
}

/**
 * Ad-hoc networks have no controller: the configuration follows from the ID and the time, and is renewed in time. Where
 * the ID means nothing, nothing will ever come.
 */
const synthesize = (t: Turn, net: Joined) => {
  net.requestAt = Infinity
  const config = adhocConfig(net.id, t.self, t.now)
  if (config === 'not-found') fail(t, net, 'not-found')
  else if (config !== undefined) applyConfig(t, net, config, encodeConfig(config), 'synthesized')
}

const PROTOCOL = 12
/** Waits after each of the first requests, while nothing is heard. */
const UNHEARD: readonly Millis[] = [250, 250, 500, 1_100]
const EAGER = 60
const PATIENT: Millis = 5_000
