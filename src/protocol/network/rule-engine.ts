import { decode } from '../kernel/codec.ts'
import { type Address, address, type Mac } from '../kernel/id.ts'
import { parseIp } from '../kernel/ip.ts'
import type { Random } from '../kernel/rng.ts'
import type { NetworkConfig } from './config.ts'
import { configFlag } from './config-dictionary.ts'
import { rfc4193, sixPlane } from './managed-address.ts'
import { rules as ruleList } from './rule.ts'
import { DROP, evaluate, NO_MATCH, SUPER_ACCEPT } from './rule-evaluation.ts'
import { ruleLog } from './rule-log.ts'
import { ownParty, type Party } from './rule-party.ts'
import { type EvaluatedRule, type RuleProgram, ruleProgram } from './rule-program.ts'
import { NO_BYTES, type Scene, scene, UNSEEN } from './rule-scene.ts'

/**
 * The rules of a network made ready for frames (`docs/protocol/vl2.md` §8): made once for a configuration, asked by
 * `filterOutbound` and `filterInbound`. Its scene is scratch space: what it holds between two frames means nothing.
 */
export interface RuleEngine {
  readonly base: RuleProgram
  readonly scene: Scene
}

/** What becomes of a frame. */
export interface Decision {
  /**
   * `redirect`: it goes to the target of the last copy *instead*, and nowhere else. `super` (only inbound): it was
   * sent here by a rule, so the checks of addressing that follow do not apply.
   */
  readonly verdict: 'drop' | 'redirect' | 'accept' | 'super'
  /** EXT_FRAMEs to send, in this order. */
  readonly copies: readonly FrameCopy[]
  /** 0 to 8, from a PRIORITY; 0, which is no class of its own, without one. */
  readonly qosBucket: number
}

/** A frame to send on as EXT_FRAME, with the MACs and the ethertype that it has. */
export interface FrameCopy {
  readonly to: Address
  /** The flags of the EXT_FRAME, which say what kind of rule made it. */
  readonly flags: number
  /** How many bytes of the payload, from its beginning. */
  readonly length: number
}

/** The parts of a configuration that rules are made of. */
export type RuleConfig = Pick<
  NetworkConfig,
  'networkId' | 'flags' | 'rules' | 'capabilities' | 'tags' | 'ownership' | 'staticIps'
>

export const ruleEngine = (self: Address, config: RuleConfig): RuleEngine => {
  const read = decode(ruleList, config.rules)
  return ruleEngineOf({
    self,
    // a configuration with malformed rules is refused before it gets here; no rules let nothing pass
    rules: read._tag === 'Left' ? [] : read.right,
    own: ownParty(config),
    unknownMatches: (config.flags & configFlag.unknownMatches) !== 0n,
    emulatedPrefixes: (config.flags & configFlag.ndpEmulation) === 0n ? [] : emulatedPrefixes(self, config),
  })
}

/** The same from parts, where there is no configuration. */
export const ruleEngineOf = (
  parts: { readonly self: Address; readonly rules: readonly EvaluatedRule[] } & Pick<
    Scene,
    'own' | 'unknownMatches' | 'emulatedPrefixes'
  >,
): RuleEngine => ({ base: ruleProgram(parts.rules), scene: scene(parts) })

/** The first 5 bytes of an own 6PLANE address, the first 11 of an own RFC4193 one: who shares them needs no proof. */
export const emulatedPrefixes = (
  self: Address,
  config: Pick<RuleConfig, 'networkId' | 'staticIps'>,
): readonly Uint8Array[] => {
  const own = config.staticIps.map((one) => parseIp(one.address))
  const isOwn = (ip: Uint8Array): boolean => own.some((one) => one?.every((byte, i) => byte === ip[i]) === true)
  const plane = sixPlane(self, config.networkId)
  const unique = rfc4193(self, config.networkId)
  return [...(isOwn(plane) ? [plane.subarray(0, 5)] : []), ...(isOwn(unique) ? [unique.subarray(0, 11)] : [])]
}

/**
 * Decides about a frame that this node wants to send (§8.5).
 *
 * `peer` is whom it is for, `undefined` while the recipients are not chosen yet (multicast, bridged); `remote` what is
 * known of it (`NOBODY` if nothing). With `noTee` TEE and WATCH make no copies, because an earlier pass has made them;
 * a REDIRECT is carried out all the same.
 */
export const filterOutbound = (
  engine: RuleEngine,
  peer: Address | undefined,
  remote: Party,
  from: Mac,
  to: Mac,
  etherType: number,
  payload: Uint8Array,
  noTee: boolean,
  random: Random,
): Decision => {
  const s = engine.scene
  s.inbound = false
  s.source = s.self
  s.dest = peer ?? 0
  show(s, remote, from, to, etherType, payload, random)
  return decide(engine.base, s, noTee)
}

/** Decides about a frame that `peer` has sent (§8.6). */
export const filterInbound = (
  engine: RuleEngine,
  peer: Address,
  remote: Party,
  from: Mac,
  to: Mac,
  etherType: number,
  payload: Uint8Array,
  random: Random,
): Decision => {
  const s = engine.scene
  s.inbound = true
  s.source = peer
  s.dest = s.self
  show(s, remote, from, to, etherType, payload, random)
  return decide(engine.base, s, false)
}

const show = (
  s: Scene,
  remote: Party,
  from: Mac,
  to: Mac,
  etherType: number,
  payload: Uint8Array,
  random: Random,
): void => {
  s.remote = remote
  s.from = from
  s.to = to
  s.etherType = etherType
  s.payload = payload
  s.random = random
  s.family = UNSEEN
}

/** Base rules first; capabilities where those say nothing: the own ones outbound, the sender's inbound. */
export const decide = (base: RuleProgram, s: Scene, noTee: boolean): Decision => {
  const dest = s.dest
  const { log } = s
  let outcome = evaluate(base, s, log?.base)
  let copies: FrameCopy[] | undefined
  if (outcome === NO_MATCH) {
    const baseTo = s.copyTo
    const baseLength = s.copyLength
    const baseIsWatch = s.copyIsWatch
    for (const capability of (s.inbound ? s.remote : s.own).capabilities) {
      s.dest = dest
      if (log === undefined) outcome = evaluate(capability, s)
      else {
        const own = ruleLog()
        outcome = evaluate(capability, s, own)
        if (outcome > DROP) log.capability = { id: capability.capability ?? 0, log: own }
      }
      if (outcome > DROP) break
    }
    if (outcome > DROP) {
      if (s.copyTo !== 0 && !noTee) copies = add(copies, s, s.copyTo, s.copyLength, s.copyIsWatch)
      // a copy that the base rules asked for before they came to no decision is made too, after the capability's own
      if (baseTo !== 0 && !noTee) copies = add(copies, s, baseTo, baseLength, baseIsWatch)
    }
  } else if (outcome > DROP && s.copyTo !== 0 && !noTee) copies = add(copies, s, s.copyTo, s.copyLength, s.copyIsWatch)
  if (outcome > DROP && s.dest !== dest && s.dest !== 0) {
    const flags = s.inbound ? REDIRECT_IN : REDIRECT_OUT
    const moved: FrameCopy = { to: address(s.dest), flags, length: s.payload.length }
    s.payload = NO_BYTES
    return { verdict: 'redirect', copies: copies === undefined ? [moved] : [...copies, moved], qosBucket: 0 }
  }
  s.payload = NO_BYTES
  if (outcome <= DROP) return DROPPED
  const verdict = outcome === SUPER_ACCEPT && s.inbound ? 'super' : 'accept'
  if (copies === undefined && s.bucket <= 0) return verdict === 'super' ? SUPER : ACCEPTED
  return { verdict, copies: copies ?? NO_COPIES, qosBucket: Math.max(0, s.bucket) }
}

const add = (copies: FrameCopy[] | undefined, s: Scene, to: number, length: number, isWatch: boolean): FrameCopy[] => {
  const flags = isWatch ? (s.inbound ? WATCH_IN : WATCH_OUT) : s.inbound ? TEE_IN : TEE_OUT
  const one: FrameCopy = { to: address(to), flags, length }
  if (copies === undefined) return [one]
  copies.push(one)
  return copies
}

const NO_COPIES: readonly FrameCopy[] = []
const decision = (verdict: Decision['verdict']): Decision => ({ verdict, copies: NO_COPIES, qosBucket: 0 })
const DROPPED = decision('drop')
const ACCEPTED = decision('accept')
const SUPER = decision('super')
const TEE_OUT = 0x02
const WATCH_OUT = 0x16
const REDIRECT_OUT = 0x04
const TEE_IN = 0x08
const WATCH_IN = 0x1c
const REDIRECT_IN = 0x0a
