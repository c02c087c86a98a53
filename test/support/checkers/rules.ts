import { decode, encode } from '../../../src/protocol/kernel/codec.ts'
import { address, type Mac, networkId, parseAddress, parseMac, printAddress } from '../../../src/protocol/kernel/id.ts'
import { parseIp } from '../../../src/protocol/kernel/ip.ts'
import { seededRandom } from '../../../src/protocol/kernel/rng.ts'
import { capability } from '../../../src/protocol/network/credential/capability.ts'
import { ipThing, ownership, type Thing, thingType } from '../../../src/protocol/network/credential/ownership.ts'
import { credentialType } from '../../../src/protocol/network/credential/revocation.ts'
import { tag } from '../../../src/protocol/network/credential/tag.ts'
import { rules as ruleList } from '../../../src/protocol/network/rule.ts'
import {
  type Decision,
  filterInbound,
  filterOutbound,
  type RuleEngine,
  ruleEngine,
  ruleEngineOf,
} from '../../../src/protocol/network/rule-engine.ts'
import { evaluate } from '../../../src/protocol/network/rule-evaluation.ts'
import { type CredentialShelf, memberParty, type Party, party } from '../../../src/protocol/network/rule-party.ts'
import { type EvaluatedRule, ruleProgram } from '../../../src/protocol/network/rule-program.ts'
import { UNSEEN } from '../../../src/protocol/network/rule-scene.ts'
import { extFramePacket } from '../../../src/protocol/verb/ext-frame.ts'
import { networkKey } from '../../../src/protocol/verb/network-key.ts'
import { HEADER } from '../../../src/protocol/vl1-io.ts'
import { attempt, type Checker, differs, hex, unhex } from '../checker.ts'
import { ruleCompiler } from './rule-language.ts'

/** Cases of the rules engine as the file writes them. */
interface ShownRule {
  readonly type: string
  readonly qosBucket?: number
}
interface ShownRules {
  readonly rules: readonly ShownRule[]
  readonly rules_encoded: string
}
interface ShownThings {
  readonly ips: readonly string[]
  readonly macs: readonly string[]
}
interface Dated {
  readonly id: number
  readonly timestamp: number
}
interface EngineCase {
  readonly group: string
  readonly note: string
  readonly config: ShownRules & {
    readonly flags: string
    readonly tags: readonly { readonly id: number; readonly value: number }[]
    readonly capabilities: readonly (ShownRules & { readonly id: number })[]
    readonly certificate_of_ownership: ShownThings
    readonly static_ips: readonly string[]
  }
  readonly peer: {
    readonly address: string
    readonly tags: readonly (Dated & { readonly value: number })[]
    readonly capabilities: readonly (Dated & ShownRules)[]
    readonly certificates_of_ownership: readonly (Dated & ShownThings)[]
  }
  readonly frame: {
    readonly direction: 'in' | 'out'
    readonly zt_source: string
    readonly zt_dest: string | null
    readonly mac_source: string
    readonly mac_dest: string
    readonly ethertype: number
    readonly vlan_id: number
    readonly no_tee: boolean
    readonly payload: string
  }
}
interface EngineFile {
  readonly node: string
  readonly network_id: string
  readonly config_timestamp: number
  readonly credential_time_max_delta: number
}

const checkEngine: Checker = (file) =>
  (file.cases as readonly EngineCase[]).map((c, i) =>
    attempt(`${i} ${c.group}: ${c.note}`, () => checkCase(file as unknown as EngineFile, c, file.cases[i].result)),
  )

const checkCase = (file: EngineFile, c: EngineCase, expected: { readonly base_rules: unknown }): string | undefined => {
  const { frame } = c
  const inbound = frame.direction === 'in'
  const random = seededRandom(1)
  const engine = engineOf(file, c)
  const remote = frame.zt_dest === null ? party({ tags: [], capabilities: [], ownership: [] }) : remoteOf(file, c)
  const [from, to] = [macNamed(frame.mac_source), macNamed(frame.mac_dest)]
  const payload = unhex(frame.payload)
  const s = engine.scene
  s.vlan = frame.vlan_id

  const dest = frame.zt_dest === null ? 0 : parseAddress(frame.zt_dest)!
  Object.assign(s, { inbound, source: parseAddress(frame.zt_source)!, dest, remote, from, to, payload, random })
  Object.assign(s, { etherType: frame.ethertype, family: UNSEEN })
  const outcome = evaluate(engine.base, s)
  const base = {
    verdict: ['NO_MATCH', 'DROP', 'REDIRECT', 'ACCEPT', 'SUPER_ACCEPT'][outcome],
    ...(s.copyTo === 0
      ? {}
      : { copy_to: printAddress(address(s.copyTo)), copy_length: s.copyLength, copy_is_watch: s.copyIsWatch }),
    ...(s.dest === dest ? {} : { redirect_to: printAddress(address(s.dest)) }),
    ...(s.bucket < 0 ? {} : { qos_bucket: s.bucket }),
  }

  const decision = inbound
    ? filterInbound(engine, parseAddress(frame.zt_source)!, remote, from, to, frame.ethertype, payload, random)
    : filterOutbound(
        engine,
        frame.zt_dest === null ? undefined : address(dest),
        remote,
        from,
        to,
        frame.ethertype,
        payload,
        frame.no_tee,
        random,
      )
  const sent = decision.copies.map(({ to: target, flags, length }) => {
    const data = payload.subarray(0, length)
    const packet = extFramePacket(networkKey(networkIdOf(file)), flags, to, from, frame.ethertype, data, true)
    return {
      to: printAddress(target),
      verb: 'EXT_FRAME',
      payload: hex(packet.subarray(HEADER)),
      ext_frame_flags: flags,
      frame_length: length,
    }
  })
  const found = {
    base_rules: base,
    accept: acceptOf(decision),
    ...(inbound || decision.qosBucket === 0 ? {} : { qos_bucket: decision.qosBucket }),
    sent,
  }
  return differs('result', sorted(found), sorted(expected))
}

const acceptOf = ({ verdict }: Decision): number => (verdict === 'accept' ? 1 : verdict === 'super' ? 2 : 0)

/** From serialized credentials as in a node, unless a PRIORITY is there, whose argument is not serialized. */
const engineOf = (file: EngineFile, c: EngineCase): RuleEngine => {
  const self = parseAddress(file.node)!
  const { config } = c
  const flags = BigInt(`0x${config.flags}`)
  const common = {
    network: networkIdOf(file),
    timestamp: BigInt(file.config_timestamp),
    issuedTo: self,
    signedBy: self,
  }
  const owned = { ...common, flags: 0n, id: 1, things: thingsOf(config.certificate_of_ownership), signature: UNSIGNED }
  const engine = ruleEngine(self, {
    networkId: networkIdOf(file),
    flags,
    rules: unhex(config.rules_encoded),
    tags: config.tags.map((one) => encode(tag, { ...common, ...one, signature: UNSIGNED })),
    capabilities: config.capabilities.map((one) =>
      encode(capability, { ...common, id: one.id, rules: rulesOf(one), maxCustody: 1, custody: [] }),
    ),
    ownership: [encode(ownership, owned)],
    staticIps: config.static_ips.map((text) => {
      const [ip = '', bits] = text.split('/')
      return { address: ip, bits: Number(bits) }
    }),
  })
  if (![config, ...config.capabilities].some(hasPriority)) return engine
  const own = party({
    tags: config.tags,
    capabilities: config.capabilities.map((one) => ({ id: one.id, rules: rulesOf(one) })),
    ownership: [owned],
  })
  const { unknownMatches, emulatedPrefixes } = engine.scene
  return ruleEngineOf({ self, rules: rulesOf(config), own, unknownMatches, emulatedPrefixes })
}

const remoteOf = (file: EngineFile, { peer }: EngineCase): Party => {
  const credentials = new Map<string, { readonly timestamp: bigint; readonly bytes: Uint8Array }>()
  const issuedTo = parseAddress(peer.address)!
  const signedBy = address(Number(networkIdOf(file) >> 24n))
  const put = (type: number, { id, timestamp }: Dated, bytes: Uint8Array): void => {
    credentials.set(`${type}/${id}`, { timestamp: BigInt(timestamp), bytes })
  }
  const dated = ({ id, timestamp }: Dated) => ({ network: networkIdOf(file), timestamp: BigInt(timestamp), id })
  for (const one of peer.tags)
    put(
      credentialType.tag,
      one,
      encode(tag, { ...dated(one), value: one.value, issuedTo, signedBy, signature: UNSIGNED }),
    )
  for (const one of peer.capabilities)
    put(
      credentialType.capability,
      one,
      encode(capability, { ...dated(one), rules: rulesOf(one), maxCustody: 1, custody: [] }),
    )
  for (const one of peer.certificates_of_ownership)
    put(
      credentialType.ownership,
      one,
      encode(ownership, {
        ...dated(one),
        flags: 0n,
        things: thingsOf(one),
        issuedTo,
        signedBy,
        signature: UNSIGNED,
      }),
    )
  const shelf: CredentialShelf = { credentials, revoked: new Map() }
  const found = memberParty(shelf, {
    timestamp: BigInt(file.config_timestamp),
    credentialTimeMaxDelta: BigInt(file.credential_time_max_delta),
  })
  if (!peer.capabilities.some(hasPriority)) return found
  const capabilities = [...peer.capabilities].sort((a, b) => a.id - b.id).map((one) => ruleProgram(rulesOf(one)))
  return { ...found, capabilities }
}

const hasPriority = ({ rules }: ShownRules): boolean => rules.some((one) => one.qosBucket !== undefined)

const rulesOf = ({ rules, rules_encoded }: ShownRules): readonly EvaluatedRule[] => {
  const read = decode(ruleList, unhex(rules_encoded))
  if (read._tag === 'Left') throw new Error('rules do not decode')
  return read.right.map((rule, i) => {
    const bucket = rules[i]?.qosBucket
    return rule._tag === 'Priority' && bucket !== undefined ? { ...rule, bucket } : rule
  })
}

const thingsOf = ({ ips, macs }: ShownThings): readonly Thing[] => [
  ...ips.map((text) => ipThing(parseIp(text)!)),
  ...macs.map((text) => {
    const value = new Uint8Array(16)
    value.set(unhex(text.replaceAll(':', '')))
    return { type: thingType.mac, value }
  }),
]

const networkIdOf = (file: EngineFile) => networkId(BigInt(`0x${file.network_id}`))
const macNamed = (text: string): Mac => parseMac(text)!
/** The same value with its keys in order, so that two spellings of it are one. */
const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, one]) => [key, sorted(one)]),
  )
}
const UNSIGNED = new Uint8Array(96)

export const ruleCheckers: Readonly<Record<string, Checker>> = {
  rules_engine: checkEngine,
  rule_compiler: ruleCompiler,
}
