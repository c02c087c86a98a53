import { writeU16 } from '../kernel/codec.ts'
import { type Address, address, type NetworkId } from '../kernel/id.ts'
import { printIp } from '../kernel/ip.ts'
import type { Millis } from '../kernel/machine.ts'
import type { NetworkConfig } from './config.ts'
import { configFlag, DEFAULT_MTU } from './config-dictionary.ts'
import { SIX_PLANE_BITS, sixPlane } from './managed-address.ts'

/**
 * Networks without a controller (`docs/protocol/vl2.md` §1.2): IDs that begin with ff, whose configuration every member
 * makes for itself.
 *
 *     ff   first port[2]   last port[2]   000000     IPv6 only, TCP connections to these ports only
 *     ff   first octet[1]   anchor[5]   01           IPv4 first.x.y.z/8 from the node's address, and IPv6
 *
 * `undefined` for other IDs: nothing is known of them, ever.
 */
export const adhocConfig = (id: NetworkId, self: Address, now: Millis): NetworkConfig | 'not-found' | undefined => {
  if ((id & 0xff_ffffn) === 0n) {
    const first = Number((id >> 40n) & 0xffffn)
    const last = Number((id >> 24n) & 0xffffn)
    return last < first ? 'not-found' : portRange(id, self, now, first, last)
  }
  return (id & 0xffn) === 1n ? overlay(id, self, now) : undefined
}

const portRange = (id: NetworkId, self: Address, now: Millis, first: number, last: number): NetworkConfig => ({
  ...common(id, self, now),
  multicastLimit: 0,
  name: `adhoc-${hex4(first)}-${hex4(last)}`,
  rules: portRules(first, last),
})

/** The anchor in the ID has no role (§20): it is left out. */
const overlay = (id: NetworkId, self: Address, now: Millis): NetworkConfig => {
  const first = Number((id >> 48n) & 0xffn)
  const ip = Uint8Array.of(first, self >>> 16, self >>> 8, self)
  const base = common(id, self, now)
  const anchor = address(Number((id >> 8n) & 0xff_ffff_ffffn))
  const specialist = { address: anchor, activeBridge: false, anchor: false, multicastReplicator: false }
  return {
    ...base,
    multicastLimit: 1024,
    name: `adhoc-${first}.0.0.0`,
    specialists: anchor === 0 ? [] : [specialist],
    staticIps: [...base.staticIps, { address: printIp(ip), bits: 8 }],
    rules: Uint8Array.of(ACCEPT, 0),
  }
}

const common = (id: NetworkId, self: Address, now: Millis): NetworkConfig => ({
  networkId: id,
  timestamp: BigInt(Math.floor(now)),
  credentialTimeMaxDelta: 7_200_000n,
  revision: 1n,
  issuedTo: self,
  remoteTraceTarget: address(0),
  remoteTraceLevel: 0n,
  flags: configFlag.ndpEmulation,
  multicastLimit: 0,
  type: 'public',
  name: '',
  mtu: DEFAULT_MTU,
  com: undefined,
  capabilities: [],
  tags: [],
  ownership: [],
  specialists: [],
  routes: [],
  staticIps: [{ address: printIp(sixPlane(self, id)), bits: SIX_PLANE_BITS }],
  rules: new Uint8Array(0),
  dns: undefined,
  sso: {
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
  },
})

/** Drop what is not IPv6; accept ICMPv6, UDP and TCP to the ports, TCP without SYN, and SYN with ACK; drop the rest. */
const portRules = (first: number, last: number): Uint8Array => {
  const rules = PORT_RULES.slice()
  writeU16(rules, PORTS_AT, first)
  writeU16(rules, PORTS_AT + 2, last)
  return rules
}

const hex4 = (port: number): string => port.toString(16).padStart(4, '0')

const DROP = 0x00
const ACCEPT = 0x01
const [NOT_ETHERTYPE, IP_PROTOCOL, OR_IP_PROTOCOL, PORTS, CHARACTERISTICS, NOT_CHARACTERISTICS] = [
  0xa5, 0x24, 0x64, 0x28, 0x29, 0xa9,
]
const SYN = [0, 0, 0, 0, 0, 0, 0, 0x02]
const ACK = [0, 0, 0, 0, 0, 0, 0, 0x10]
const BEFORE_PORTS = [
  [NOT_ETHERTYPE, 2, 0x86, 0xdd],
  [DROP, 0],
  [IP_PROTOCOL, 1, 58],
  [ACCEPT, 0],
  [IP_PROTOCOL, 1, 17],
  [OR_IP_PROTOCOL, 1, 6],
  [PORTS, 4],
].flat()
const PORTS_AT = BEFORE_PORTS.length
const PORT_RULES = Uint8Array.from([
  ...BEFORE_PORTS,
  ...[0, 0, 0, 0],
  ...[ACCEPT, 0],
  ...[NOT_CHARACTERISTICS, 8, ...SYN],
  ...[ACCEPT, 0],
  ...[CHARACTERISTICS, 8, ...SYN],
  ...[CHARACTERISTICS, 8, ...ACK],
  ...[ACCEPT, 0],
  ...[DROP, 0],
])
