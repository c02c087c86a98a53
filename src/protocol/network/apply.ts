import { decode } from '../kernel/codec.ts'
import type { Address } from '../kernel/id.ts'
import type { Millis } from '../kernel/machine.ts'
import { LIKE_PERIOD, updateGroups } from './announce.ts'
import type { Authentication } from './authentication.ts'
import type { NetworkConfig, Specialist } from './config.ts'
import { configFlag, decodeConfig } from './config-dictionary.ts'
import { com as comCodec } from './credential/com.ts'
import { ownCredentials } from './credentials.ts'
import { type Active, type Joined, statusOf } from './joined.ts'
import { ownIpv6 } from './resolution.ts'
import { ruleEngine } from './rule-engine.ts'
import { drop, type Turn, wake } from './turn.ts'

/**
 * Where a configuration came from: only what a controller says is stored, what was stored is infinitely old. `pushed`: the
 * controller signed it, but nobody knows when it was sent.
 */
export type Origin = 'controller' | 'pushed' | 'stored' | 'synthesized'

/** A dictionary that claims to be this node's configuration (`docs/protocol/vl2.md` §7.3). Whether it was taken. */
export const applyDictionary = (t: Turn, net: Joined, dictionary: Uint8Array, origin: Origin): boolean => {
  const read = decodeConfig(dictionary)
  if (read._tag === 'Left' || read.right.networkId !== net.id || read.right.issuedTo !== t.self) {
    drop(t, 'bad-chunk', net.id)
    return false
  }
  const held = net.active?.config
  if (origin === 'pushed' && held !== undefined && Number(held.timestamp - read.right.timestamp) > OUTDATED) {
    drop(t, 'outdated', net.id)
    return false
  }
  applyConfig(t, net, read.right, dictionary, origin)
  return true
}

/** Puts a configuration in force (§7.5). */
export const applyConfig = (
  t: Turn,
  net: Joined,
  config: NetworkConfig,
  dictionary: Uint8Array,
  origin: Origin,
): void => {
  const first = net.active === undefined
  if (origin !== 'stored') {
    net.asked = 0
    net.refreshAt = t.now + REFRESH
    net.requestAt = net.refreshAt
    wake(t, net.requestAt)
  }
  if (net.failure === undefined && net.active !== undefined && sameBytes(net.active.dictionary, dictionary)) return
  net.failure = undefined
  net.active = activeOf(t.self, config, dictionary)
  net.appliedAt = t.now
  net.epoch++
  t.news.push({ _tag: 'Network', network: net.id, status: 'ok', config })
  if (origin === 'controller' || origin === 'pushed') t.news.push({ _tag: 'Store', network: net.id, dictionary })
  if (first) {
    // what the host subscribed to before was never announced
    net.groups = []
    net.announceAt = t.now + LIKE_PERIOD
    wake(t, net.announceAt)
  }
  updateGroups(t, net)
  t.configured.push(net)
}

/** A refusal. The configuration held stays in force. */
export const fail = (
  t: Turn,
  net: Joined,
  failure: NonNullable<Joined['failure']>,
  authentication?: Authentication,
): void => {
  net.requestAt = Math.max(net.requestAt, net.requestedAt + ANSWER_SPACING)
  if (net.failure === failure && authentication === undefined) return
  net.failure = failure
  net.authentication = authentication
  announceStatus(t, net)
}

export const announceStatus = (t: Turn, net: Joined): void => {
  const network = net.id
  const status = statusOf(net)
  const config = net.active?.config
  const { authentication } = net
  t.news.push(
    status === 'auth-required' && authentication !== undefined
      ? { _tag: 'Network', network, status, config, authentication }
      : { _tag: 'Network', network, status, config },
  )
}

const activeOf = (self: Address, config: NetworkConfig, dictionary: Uint8Array): Active => {
  const certificate = config.com === undefined ? undefined : decode(comCodec, config.com)
  const having = (role: (one: Specialist) => boolean): ReadonlySet<Address> =>
    new Set(config.specialists.filter(role).map(({ address }) => address))
  const flag = (bit: bigint): boolean => (config.flags & bit) !== 0n
  const bridges = having((one) => one.activeBridge)
  const replicators = having((one) => one.multicastReplicator)
  return {
    config,
    dictionary,
    com: certificate?._tag === 'Right' ? certificate.right : undefined,
    rules: ruleEngine(self, config),
    ipv6: ownIpv6(config.staticIps),
    broadcast: flag(configFlag.broadcast),
    ndpEmulation: flag(configFlag.ndpEmulation),
    compressMulticast: !flag(configFlag.plainMulticast),
    bridges,
    replicators,
    anchors: having((one) => one.anchor),
    isBridge: bridges.has(self),
    isReplicator: replicators.has(self),
    trace:
      config.remoteTraceTarget === 0 || config.remoteTraceTarget === self
        ? undefined
        : { to: config.remoteTraceTarget, level: Number(config.remoteTraceLevel) },
    credentials: ownCredentials(config),
  }
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** A configuration that was not asked for may be so much older than the one in force: answers may overtake each other. */
export const OUTDATED: Millis = 300_000
/** How long a configuration is good for before it is asked for again. */
export const REFRESH: Millis = 60_000
/** A controller ignores requests that come within 1000 ms of each other. */
export const ANSWER_SPACING: Millis = 1_100
