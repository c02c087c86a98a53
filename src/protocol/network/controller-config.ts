import type { Identity, SecretIdentity } from '../crypto/identity.ts'
import type { Crypto } from '../crypto/suite.ts'
import { encode } from '../kernel/codec.ts'
import { type Address, address, type NetworkId } from '../kernel/id.ts'
import { parseIp } from '../kernel/ip.ts'
import type { Millis } from '../kernel/machine.ts'
import type { NetworkConfig } from './config.ts'
import { clampMtu, configFlag, MAX_CREDENTIALS } from './config-dictionary.ts'
import type { Assignment } from './controller-assignment.ts'
import type { NetworkParts } from './controller-parts.ts'
import { traceAddress } from './controller-post.ts'
import type { MemberRecord, NetworkRecord } from './controller-record.ts'
import { capability, issueCapability } from './credential/capability.ts'
import { com, issueCom } from './credential/com.ts'
import { ipThing, issueOwnership, MAX_THINGS, ownership } from './credential/ownership.ts'
import { issueTag, tag } from './credential/tag.ts'
import { rules } from './rule.ts'

/** Everything a configuration is made of (`docs/protocol/vl2.md` §14.4). */
export interface ConfigSources {
  readonly id: NetworkId
  readonly network: NetworkRecord
  readonly parts: NetworkParts
  readonly member: MemberRecord
  readonly identity: Identity
  readonly assignment: Assignment
  /** Members that are bridges, in order of address. */
  readonly bridges: readonly Address[]
  /** Whether the member's rules engine understands rules; others are told to accept everything. */
  readonly understandsRules: boolean
  readonly now: Millis
}

export const memberConfig = (crypto: Crypto, controller: SecretIdentity, from: ConfigSources): NetworkConfig => {
  const { id, network, parts, member, identity, assignment, now } = from
  const timestamp = BigInt(Math.floor(now))
  const window = certificateWindow(network)
  const things = assignment.ips.slice(0, MAX_THINGS).map((ip) => ipThing(parseIp(ip.address)!))
  const owned = { network: id, timestamp, id: 1, things, issuedTo: identity.address }
  const target = traceAddress(member.remoteTraceTarget)
  return {
    networkId: id,
    timestamp,
    credentialTimeMaxDelta: BigInt(window),
    revision: BigInt(network.revision),
    issuedTo: identity.address,
    remoteTraceTarget: target ?? traceAddress(network.remoteTraceTarget) ?? address(0),
    remoteTraceLevel: BigInt(target === undefined ? network.remoteTraceLevel : member.remoteTraceLevel),
    flags: (network.enableBroadcast ? configFlag.broadcast : 0n) | (assignment.managed ? configFlag.ndpEmulation : 0n),
    multicastLimit: network.multicastLimit,
    type: network.private ? 'private' : 'public',
    name: network.name,
    mtu: clampMtu(network.mtu),
    com: encode(com, issueCom(crypto, controller, id, identity, now, window)),
    capabilities: from.understandsRules ? capabilitiesOf(crypto, controller, from, timestamp) : [],
    tags: from.understandsRules
      ? [...tagsOf(network, member)].map(([tagId, value]) =>
          encode(
            tag,
            issueTag(crypto, controller, { network: id, timestamp, id: tagId, value, issuedTo: identity.address }),
          ),
        )
      : [],
    ownership: things.length === 0 ? [] : [encode(ownership, issueOwnership(crypto, controller, owned))],
    specialists: from.bridges.map((bridge) => ({
      address: bridge,
      activeBridge: true,
      anchor: false,
      multicastReplicator: false,
    })),
    routes: parts.routes,
    staticIps: assignment.ips,
    rules: from.understandsRules ? parts.rules : ACCEPT,
    dns: 'domain' in network.dns ? { ...network.dns, servers: network.dns.servers.slice(0, 4) } : undefined,
    sso: { ...NO_SSO, enabled: network.ssoEnabled },
  }
}

/** How long a certificate agrees with others, before and after. */
export const certificateWindow = ({ certificateTimeoutWindowSize }: NetworkRecord): Millis =>
  Math.min(MAX_WINDOW, Math.max(MIN_WINDOW, Math.floor(certificateTimeoutWindowSize ?? DEFAULT_WINDOW)))

/** The member's tags and, where it has none of that id, the network's defaults, in order of id. */
export const tagsOf = (network: NetworkRecord, member: MemberRecord): ReadonlyMap<number, number> => {
  const found = new Map(member.tags)
  for (const one of network.tags) if (one.default !== null && !found.has(one.id)) found.set(one.id, one.default)
  return new Map([...found].sort(([a], [b]) => a - b).slice(0, MAX_CREDENTIALS))
}

const capabilitiesOf = (
  crypto: Crypto,
  controller: SecretIdentity,
  { id, parts, member, identity }: ConfigSources,
  timestamp: bigint,
): readonly Uint8Array[] =>
  member.capabilities.slice(0, MAX_CREDENTIALS).flatMap((wanted) => {
    const granted = parts.capabilities.get(wanted)
    if (granted === undefined) return []
    const value = { network: id, timestamp, id: wanted, rules: granted, maxCustody: 1 }
    return [encode(capability, issueCapability(crypto, controller, identity.address, value))]
  })

const ACCEPT = encode(rules, [{ _tag: 'Accept', not: false, or: false }])
const NO_SSO: NetworkConfig['sso'] = {
  enabled: false,
  version: 0,
  authenticationUrl: '',
  authenticationExpiry: 0n,
  issuerUrl: '',
  centralUrl: '',
  nonce: '',
  state: '',
  clientId: '',
  provider: 'default',
}
const DEFAULT_WINDOW: Millis = 1_800_000
export const MIN_WINDOW: Millis = 300_000
export const MAX_WINDOW: Millis = 7_200_000
