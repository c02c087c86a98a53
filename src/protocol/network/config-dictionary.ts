import type { Endpoint } from '../datagram.ts'
import { bytes, type Codec, decode, encode, many, mapped, reader, rest, struct, u16 } from '../kernel/codec.ts'
import { badField, type WireError } from '../kernel/error.ts'
import { E } from '../kernel/fp.ts'
import { address, networkId } from '../kernel/id.ts'
import { inetAddress } from '../peer/endpoint.ts'
import type { IpPrefix, ManagedRoute, NetworkConfig, Specialist } from './config.ts'
import { type Capability, capability } from './credential/capability.ts'
import { com } from './credential/com.ts'
import { type Ownership, ownership } from './credential/ownership.ts'
import { type Tag, tag } from './credential/tag.ts'
import {
  addressValue,
  type Dictionary,
  parseDictionary,
  printDictionary,
  signedValue,
  text,
  textValue,
  truth,
  truthValue,
  unsigned,
  unsignedValue,
  words,
  wordsValue,
} from './dictionary.ts'
import { rules } from './rule.ts'

/**
 * Network configurations as dictionaries (`docs/protocol/vl2.md` §7.3): what must be there, what is clamped, what is
 * forgiven, and the order in which keys are written.
 */
export const decodeConfig = (dictionary: Uint8Array): E.Either<WireError, NetworkConfig> =>
  configOf(parseDictionary(dictionary))

export const configOf = (d: Dictionary): E.Either<WireError, NetworkConfig> => {
  const version = unsigned(d, 'v')
  if (version < OLDEST_VERSION) return E.left(badField('config version', version))
  const network = unsigned(d, 'nwid')
  if (network === 0n) return E.left(badField('nwid', network))
  const issuedTo = addressOf(d, 'id')
  if (issuedTo === 0) return E.left(badField('id', issuedTo))

  const certificate = d.get('C')
  if (certificate !== undefined && certificate.length > 0) {
    const parsed = decode(com, certificate)
    if (parsed._tag === 'Left') return parsed
  } else if (certificate !== undefined) return E.left(badField('C', 'empty'))
  const owned = pieces(ownership, d.get('COO'), MAX_OWNERSHIP)
  if (owned.error !== undefined) return E.left(owned.error)
  const ruleBytes = d.get('R') ?? new Uint8Array(0)
  const parsedRules = decode(rules, ruleBytes)
  if (parsedRules._tag === 'Left') return parsedRules
  const routes = atMost(MAX_ROUTES, route, d.get('RT'))
  if (routes._tag === 'Left') return routes
  const staticIps = atMost(MAX_STATIC_IPS, prefixOrNothing, d.get('I'))
  if (staticIps._tag === 'Left') return staticIps
  const dns = dnsOf(d.get('DNS'))
  if (dns._tag === 'Left') return dns

  return E.right({
    networkId: networkId(network),
    timestamp: unsigned(d, 'ts'),
    credentialTimeMaxDelta: unsigned(d, 'ctmd'),
    revision: unsigned(d, 'r'),
    issuedTo,
    remoteTraceTarget: addressOf(d, 'tt'),
    remoteTraceLevel: unsigned(d, 'tl'),
    flags: unsigned(d, 'f'),
    multicastLimit: Number(BigInt.asUintN(32, unsigned(d, 'ml'))),
    type: unsigned(d, 't') === 1n ? 'public' : 'private',
    name: text(d, 'n', 127),
    mtu: clampMtu(Number(BigInt.asUintN(32, unsigned(d, 'mtu', BigInt(DEFAULT_MTU))))),
    com: certificate,
    capabilities: byId(pieces(capability, d.get('CAP'), MAX_CREDENTIALS).found),
    tags: byId(pieces(tag, d.get('TAG'), MAX_CREDENTIALS).found),
    ownership: owned.found.map((one) => one.bytes),
    specialists: words(d.get('S'), MAX_SPECIALISTS).map(specialistOf),
    routes: routes.right.flatMap((one) => (one === undefined ? [] : [one])),
    staticIps: staticIps.right.flatMap((one) => (one === undefined ? [] : [one])),
    rules: ruleBytes,
    dns: dns.right,
    sso: ssoOf(d),
  })
}

/** The dictionary a controller sends, keys in the customary order. */
export const encodeConfig = (c: NetworkConfig): Uint8Array => printDictionary(entriesOf(c))

const entriesOf = (c: NetworkConfig): readonly (readonly [string, Uint8Array])[] => {
  const out: (readonly [string, Uint8Array])[] = [
    ['v', unsignedValue(VERSION)],
    ['nwid', unsignedValue(c.networkId)],
    ['ts', unsignedValue(c.timestamp)],
    ['ctmd', unsignedValue(c.credentialTimeMaxDelta)],
    ['r', unsignedValue(c.revision)],
    ['id', addressValue(c.issuedTo)],
    ['tt', addressValue(c.remoteTraceTarget)],
    ['tl', unsignedValue(c.remoteTraceLevel)],
    ['f', unsignedValue(c.flags)],
    ['ml', unsignedValue(BigInt(c.multicastLimit))],
    ['t', unsignedValue(c.type === 'public' ? 1n : 0n)],
    ['n', textValue(c.name)],
    ['mtu', unsignedValue(BigInt(c.mtu))],
  ]
  const present = (key: string, value: Uint8Array): void => {
    if (value.length > 0) out.push([key, value])
  }
  present('C', c.com ?? new Uint8Array(0))
  present('CAP', encode(many(rest), c.capabilities))
  present('TAG', encode(many(rest), c.tags))
  present('COO', encode(many(rest), c.ownership))
  present('S', wordsValue(c.specialists.map(wordOf)))
  present('RT', encode(many(route), c.routes))
  present('I', encode(many(prefixOrNothing), c.staticIps))
  present('R', c.rules)
  out.push(['DNS', dnsValue(c.dns)])
  const { sso } = c
  out.push(['ssov', unsignedValue(BigInt(sso.version))], ['ssoe', truthValue(sso.enabled)])
  if (!sso.enabled) return out
  if (sso.version === 0) {
    present('aurl', textValue(sso.authenticationUrl))
    out.push(['aexpt', signedValue(sso.authenticationExpiry)])
  } else if (sso.version === 1)
    out.push(
      ['iurl', textValue(sso.issuerUrl)],
      ['ssoce', textValue(sso.centralUrl)],
      ['sson', textValue(sso.nonce)],
      ['ssos', textValue(sso.state)],
      ['ssocid', textValue(sso.clientId)],
      ['ssop', textValue(sso.provider)],
    )
  return out
}

export const clampMtu = (mtu: number): number => Math.min(MAX_MTU, Math.max(MIN_MTU, mtu))

const addressOf = (d: Dictionary, key: string) => address(Number(BigInt.asUintN(40, unsigned(d, key))))

const prefixOrNothing: Codec<IpPrefix | undefined> = mapped(
  inetAddress,
  (e) => E.right(e === null ? undefined : { address: e.address, bits: e.port }),
  (p): Endpoint | null => (p === undefined ? null : { address: p.address, port: p.bits }),
)
/** A route without a target says nothing and is left out. */
const route: Codec<ManagedRoute | undefined> = mapped(
  struct({ target: prefixOrNothing, via: inetAddress, flags: u16, metric: u16 }),
  ({ target, via, flags, metric }) =>
    E.right(target === undefined ? undefined : { target, via: via?.address, flags, metric }),
  (r) => ({
    target: r?.target,
    via: r?.via === undefined ? null : { address: r.via, port: 0 },
    flags: r?.flags ?? 0,
    metric: r?.metric ?? 0,
  }),
)

/** `many` that stops at `most`: what comes after is ignored. */
const atMost = <A>(most: number, item: Codec<A>, value: Uint8Array | undefined): E.Either<WireError, readonly A[]> => {
  const r = reader(value ?? new Uint8Array(0))
  const items: A[] = []
  while (r.at < r.end && items.length < most) {
    const one = item.read(r)
    if (one._tag === 'Left') return one
    items.push(one.right)
  }
  return E.right(items)
}

interface Piece<A> {
  readonly value: A
  readonly bytes: Uint8Array
}
/** Concatenated credentials, each with the bytes it takes, up to the first malformed one. */
const pieces = <A extends Capability | Tag | Ownership>(
  item: Codec<A>,
  value: Uint8Array | undefined,
  most: number,
): { readonly found: readonly Piece<A>[]; readonly error: WireError | undefined } => {
  const r = reader(value ?? new Uint8Array(0))
  const found: Piece<A>[] = []
  while (r.at < r.end) {
    const at = r.at
    const one = item.read(r)
    if (one._tag === 'Left') return { found, error: one.left }
    if (found.length < most) found.push({ value: one.right, bytes: r.bytes.subarray(at, r.at) })
  }
  return { found, error: undefined }
}
const byId = (found: readonly Piece<Capability | Tag>[]): readonly Uint8Array[] =>
  [...found].sort((a, b) => a.value.id - b.value.id).map((one) => one.bytes)

const specialistOf = (word: bigint): Specialist => ({
  address: address(Number(word & 0xff_ffff_ffffn)),
  activeBridge: (word & ACTIVE_BRIDGE) !== 0n,
  anchor: (word & ANCHOR) !== 0n,
  multicastReplicator: (word & REPLICATOR) !== 0n,
})
const wordOf = (s: Specialist): bigint =>
  BigInt(s.address) |
  (s.activeBridge ? ACTIVE_BRIDGE : 0n) |
  (s.anchor ? ANCHOR : 0n) |
  (s.multicastReplicator ? REPLICATOR : 0n)

const dns = struct({ domain: bytes(128), a: inetAddress, b: inetAddress, c: inetAddress, d: inetAddress })
const dnsOf = (value: Uint8Array | undefined): E.Either<WireError, NetworkConfig['dns']> => {
  if (value === undefined || value.length === 0) return E.right(undefined)
  const found = decode(dns, value)
  if (found._tag === 'Left') return found
  const domain = text(new Map([['domain', found.right.domain]]), 'domain', 127)
  const { a, b, c, d } = found.right
  const servers = [a, b, c, d].flatMap((one) => (one === null ? [] : [one.address]))
  return E.right(domain === '' && servers.length === 0 ? undefined : { domain, servers })
}
const dnsValue = (value: NetworkConfig['dns']): Uint8Array => {
  const server = (i: number): Endpoint | null => {
    const found = value?.servers[i]
    return found === undefined ? null : { address: found, port: 0 }
  }
  const domain = textValue(value?.domain ?? '').subarray(0, 127)
  return encode(dns, { domain, a: server(0), b: server(1), c: server(2), d: server(3) })
}

const ssoOf = (d: Dictionary): NetworkConfig['sso'] => {
  const version = Number(BigInt.asUintN(32, unsigned(d, 'ssov')))
  const enabled = truth(d, 'ssoe')
  const [first, second] = [enabled && version === 0, enabled && version === 1]
  const when = (used: boolean, key: string, most: number): string => (used ? text(d, key, most) : '')
  return {
    enabled,
    version,
    authenticationUrl: when(first, 'aurl', 2047),
    authenticationExpiry: first ? unsigned(d, 'aexpt') : 0n,
    issuerUrl: when(second, 'iurl', 2047),
    centralUrl: when(second, 'ssoce', 2047),
    nonce: when(second, 'sson', 127),
    state: when(second, 'ssos', 255),
    clientId: when(second, 'ssocid', 255),
    provider: second ? text(d, 'ssop', 63, 'default') : 'default',
  }
}

export const configFlag = {
  broadcast: 0x02n,
  ndpEmulation: 0x04n,
  unknownMatches: 0x08n,
  plainMulticast: 0x10n,
} as const
export const DEFAULT_MTU = 2800
export const MAX_ROUTES = 128
export const MAX_STATIC_IPS = 32
export const MAX_CREDENTIALS = 128
const MIN_MTU = 1280
const MAX_MTU = 10_000
export const MAX_SPECIALISTS = 256
const MAX_OWNERSHIP = 4
const VERSION = 7n
const OLDEST_VERSION = 6n
const ACTIVE_BRIDGE = 0x0200_0000_0000n
const ANCHOR = 0x0400_0000_0000n
const REPLICATOR = 0x0800_0000_0000n
