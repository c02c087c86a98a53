import type { Endpoint } from '../protocol/datagram.ts'
import type { MulticastGroup } from '../protocol/kernel/frame.ts'
import { controllerOf, type Mac as MacNumber, type NetworkId as NetworkBits } from '../protocol/kernel/id.ts'
import { type IpAddress, isIpv6 } from '../protocol/kernel/ip.ts'
import type { Authentication, OpenIdStart } from '../protocol/network/authentication.ts'
import type { ManagedRoute, NetworkConfig, IpPrefix as WirePrefix } from '../protocol/network/config.ts'
import { allowedParts, type LocalSettings } from '../protocol/network/local-settings.ts'
import type { PeerPath, PeerSnapshot } from '../protocol/vl1-io.ts'
import type { NetworkStatus } from '../protocol/vl2-io.ts'
import { type Mac, type NetworkId, type NodeId, publicMac, publicNetworkId, publicNodeId } from './public-id.ts'

/** What users see of a node, its networks and its peers: immutable values, a new one for each change. */
export interface IpPrefix {
  readonly address: IpAddress
  readonly bits: number
  readonly family: 4 | 6
}
export interface Route {
  readonly target: IpPrefix
  readonly via?: IpAddress
  readonly flags: number
  readonly metric: number
}

export interface NodeInfo {
  readonly id: NodeId
  /** Of this library, as peers are told: `1.14.1`. */
  readonly version: string
  readonly online: boolean
  readonly ports: { readonly primary: number; readonly secondary?: number }
  /** Where the links are bound. */
  readonly endpoints: readonly Endpoint[]
}

export interface NetworkState {
  readonly id: NetworkId
  readonly name: string
  readonly mac: Mac
  readonly mtu: number
  /** `ok`: authorised; `ready`: authorised and addressed. */
  readonly status: NetworkStatus | 'ready' | 'down'
  readonly type: 'private' | 'public'
  readonly broadcast: boolean
  readonly bridge: boolean
  readonly dhcp: boolean
  readonly revision: number
  /** Of members only: none while the controller refuses this node. What is open then stays open, for a later yes. */
  readonly addresses: readonly IpPrefix[]
  readonly routes: readonly Route[]
  readonly multicastGroups: readonly { readonly mac: Mac; readonly adi: number }[]
  readonly dns?: { readonly domain: string; readonly servers: readonly IpAddress[] }
  readonly controller: NodeId
  /** With status `auth-required`, and on networks whose log-in ends. */
  readonly authentication?: NetworkLogin
}

export interface Path {
  readonly endpoint: Endpoint
  /** ms since the epoch, by the node's clock. */
  readonly lastSend?: number
  readonly lastReceive?: number
  /** ms there and back, as HELLO measures it: the average of the last sample and those before. */
  readonly latency?: number
  readonly preferred: boolean
  readonly expired: boolean
  /** By way of a TCP relay. */
  readonly tunneled: boolean
  /** By a network that is trusted: what is sent by it is not sealed but carries this. */
  readonly trustedPathId?: bigint
  /** With `bonding`: whether it carries traffic, could, or has fallen silent. */
  readonly bond?: 'active' | 'standby' | 'silent'
}
export interface Peer {
  readonly id: NodeId
  readonly role: 'leaf' | 'moon' | 'planet'
  readonly version?: string
  readonly latency?: number
  readonly link: 'direct' | 'relay' | 'unreachable'
  /** Whether what is sent to it goes by a TCP relay. */
  readonly tunneled: boolean
  readonly paths: readonly Path[]
}

/** How to log in to a network that wants it, as its controller says. */
export interface NetworkLogin {
  /** For a browser; absent where there is only `openId`. */
  readonly url?: string
  /** When the log-in ends, ms since the epoch; absent where the controller does not say. */
  readonly expires?: number
  /** For an OpenID Connect flow. */
  readonly openId?: OpenIdStart
}

/** Another member as seen on the segment. */
export interface Neighbor {
  readonly node: NodeId
  readonly mac: Mac
  readonly ips: readonly IpAddress[]
}

export const networkState = (
  id: NetworkBits,
  mac: MacNumber,
  status: NetworkStatus,
  config: NetworkConfig | undefined,
  groups: readonly MulticastGroup[],
  allowed: LocalSettings,
  told?: Authentication,
): NetworkState => {
  const parts = allowedParts(allowed, isRefused(status) ? undefined : config)
  const addresses = parts.addresses.map(prefix)
  const authentication = status === 'auth-required' ? login(told, config) : login(undefined, config)
  return {
    id: publicNetworkId(id),
    name: config?.name ?? '',
    mac: publicMac(mac),
    mtu: config?.mtu ?? DEFAULT_MTU,
    status: status === 'ok' && addresses.length > 0 ? 'ready' : status,
    type: config?.type ?? 'private',
    broadcast: config !== undefined && (config.flags & BROADCAST_FLAG) !== 0n,
    bridge: config?.specialists.some((one) => one.activeBridge && one.address === config.issuedTo) ?? false,
    dhcp: false,
    revision: Number(config?.revision ?? 0n),
    addresses,
    routes: parts.routes.map(publicRoute),
    multicastGroups: groups.map(({ mac, adi }) => ({ mac: publicMac(mac), adi })),
    ...(parts.dns === undefined ? {} : { dns: parts.dns }),
    controller: publicNodeId(controllerOf(id)),
    ...(authentication === undefined ? {} : { authentication }),
  }
}

const login = (told: Authentication | undefined, config: NetworkConfig | undefined): NetworkLogin | undefined => {
  const sso = config?.sso
  const ends = sso?.enabled === true && sso.authenticationExpiry > 0n
  const expires = ends ? { expires: Number(sso.authenticationExpiry) } : {}
  if (told?.version === 0) return { url: told.url, ...expires }
  if (told?.version === 1) return { openId: openIdOf(told), ...expires }
  if (sso?.enabled !== true) return undefined
  if (sso.version === 1) return { openId: openIdOf(sso), ...expires }
  return { ...(sso.authenticationUrl === '' ? {} : { url: sso.authenticationUrl }), ...expires }
}
const openIdOf = ({ issuerUrl, centralUrl, nonce, state, clientId, provider }: OpenIdStart): OpenIdStart => ({
  ...{ issuerUrl, centralUrl, nonce, state, clientId, provider },
})

export const publicPath = (path: PeerPath): Path => ({
  endpoint: path.endpoint,
  ...(path.lastSend > 0 ? { lastSend: path.lastSend } : {}),
  ...(path.lastReceive > 0 ? { lastReceive: path.lastReceive } : {}),
  ...(path.latency === undefined ? {} : { latency: path.latency }),
  preferred: path.preferred,
  expired: path.expired,
  tunneled: path.tunneled === true,
  ...(path.trustedPathId === undefined ? {} : { trustedPathId: path.trustedPathId }),
  ...(path.bond === undefined ? {} : { bond: path.bond }),
})

export const publicPeer = (peer: PeerSnapshot): Peer => {
  const { major, minor, revision, protocol } = peer.version
  return {
    id: publicNodeId(peer.address),
    role: peer.role,
    ...(protocol === 0 ? {} : { version: `${major}.${minor}.${revision}` }),
    ...(peer.latency === undefined ? {} : { latency: peer.latency }),
    link: peer.link,
    tunneled: peer.paths.some((path) => path.preferred && path.tunneled === true),
    paths: peer.paths.map(publicPath),
  }
}

export const familyOf = (address: IpAddress): 4 | 6 => (isIpv6(address) ? 6 : 4)
const prefix = ({ address, bits }: WirePrefix): IpPrefix => ({ address, bits, family: familyOf(address) })

const publicRoute = ({ target, via, flags, metric }: ManagedRoute): Route => ({
  target: prefix(target),
  ...(via === undefined ? {} : { via }),
  flags,
  metric,
})

/** A network that was left, or whose node ended. */
export const endedState = (state: NetworkState): NetworkState => ({
  ...state,
  status: 'down',
  addresses: [],
  routes: [],
})

/** Whether the controller says that this node is no member, whatever it said before. */
export const isRefused = (status: NetworkStatus): boolean => REFUSED.has(status)
const REFUSED: ReadonlySet<NetworkStatus> = new Set(['denied', 'not-found', 'auth-required'])
export const DEFAULT_MTU = 2800
/** `docs/protocol/vl2.md`, network flags. */
const BROADCAST_FLAG = 2n
