import type { AddressClaim } from '../../streams/event.ts'
import type { IpPrefix, NetworkState, NodeInfo, Path, Peer, Route } from '../../streams/snapshot.ts'
import { bitsOf, macBits } from './bits.ts'
import { network as constant } from './constant/network.ts'
import { socket } from './constant/socket.ts'
import { sockaddr, type ZtsSockaddr } from './sockaddr.ts'

/**
 * The structures of the headers as plain objects: the field names of the current header, lists as long as they are.
 * Names of older headers are getters beside them, which do not show when an object is printed or copied.
 */
export type ZtsNodeInfo = ReturnType<typeof nodeInfo>
export type ZtsNetInfo = ReturnType<typeof netInfo>
export type ZtsNetifInfo = ReturnType<typeof netifInfo>
export type ZtsRouteInfo = ReturnType<typeof routeInfo>
export type ZtsPath = ReturnType<typeof pathInfo>
export type ZtsPeerInfo = ReturnType<typeof peerInfo>
export type ZtsAddrInfo = ReturnType<typeof addrInfo>

export const nodeInfo = (info: NodeInfo) => {
  const [ver_major, ver_minor, ver_rev] = versionOf(info.version)
  return older(
    {
      node_id: bitsOf(info.id),
      port_primary: info.ports.primary,
      port_secondary: info.ports.secondary ?? 0,
      port_tertiary: 0,
      ver_major,
      ver_minor,
      ver_rev,
    },
    {
      address: 'node_id',
      primaryPort: 'port_primary',
      secondaryPort: 'port_secondary',
      tertiaryPort: 'port_tertiary',
      versionMajor: 'ver_major',
      versionMinor: 'ver_minor',
      versionRev: 'ver_rev',
    },
  )
}

export const netInfo = (state: NetworkState) =>
  older(
    {
      net_id: bitsOf(state.id),
      mac: macBits(state.mac),
      name: state.name,
      status: statusNumber[state.status],
      type: typeNumber(state),
      mtu: state.mtu,
      dhcp: Number(state.dhcp),
      bridge: Number(state.bridge),
      broadcast_enabled: Number(state.broadcast),
      port_error: 0,
      netconf_rev: state.revision,
      assigned_addr_count: state.addresses.length,
      assigned_addrs: state.addresses.map(prefixAddr),
      route_count: state.routes.length,
      routes: state.routes.map(routeInfo),
      multicast_sub_count: state.multicastGroups.length,
      multicast_subs: state.multicastGroups.map(({ mac, adi }) => ({ mac: macBits(mac), adi })),
    },
    {
      nwid: 'net_id',
      num_addresses: 'assigned_addr_count',
      addr: 'assigned_addrs',
      num_routes: 'route_count',
    },
  )

export const netifInfo = (state: NetworkState) =>
  older({ net_id: bitsOf(state.id), mac: macBits(state.mac), mtu: state.mtu }, { nwid: 'net_id' })

export const routeInfo = ({ target, via, flags, metric }: Route) => ({
  target: prefixAddr(target),
  /** Without a family, the network itself. */
  via: via === undefined ? noAddr : sockaddr(via, 0),
  flags,
  metric,
})

export const pathInfo = (path: Path) =>
  older(
    {
      address: sockaddr(path.endpoint.address, path.endpoint.port),
      /** ms since the epoch, 0 for never. */
      last_tx: BigInt(Math.floor(path.lastSend ?? 0)),
      last_rx: BigInt(Math.floor(path.lastReceive ?? 0)),
      trusted_path_id: path.trustedPathId ?? 0n,
      /** ms, -1 while unknown. */
      latency: path.latency ?? -1,
      ifname: '',
      expired: Number(path.expired),
      preferred: Number(path.preferred),
    },
    { lastSend: 'last_tx', lastReceive: 'last_rx', trustedPathId: 'trusted_path_id' },
  )

export const peerInfo = (peer: Peer) => {
  const [ver_major, ver_minor, ver_rev] = versionOf(peer.version)
  return older(
    {
      peer_id: bitsOf(peer.id),
      ver_major,
      ver_minor,
      ver_rev,
      /** ms, -1 while unknown. */
      latency: peer.latency === undefined ? -1 : Math.round(peer.latency),
      role: roleNumber[peer.role],
      path_count: peer.paths.length,
      paths: peer.paths.map(pathInfo),
    },
    {
      address: 'peer_id',
      versionMajor: 'ver_major',
      versionMinor: 'ver_minor',
      versionRev: 'ver_rev',
      pathCount: 'path_count',
    },
  )
}

export const addrInfo = (networkId: AddressClaim['networkId'], address: IpPrefix) =>
  older({ net_id: bitsOf(networkId), addr: prefixAddr(address) }, { nwid: 'net_id' })

/** An address of ours: in the place of the port, how long its prefix is. */
export const prefixAddr = ({ address, bits }: IpPrefix): ZtsSockaddr => sockaddr(address, bits)

/** What C programs find where nothing was filled in. */
export const noAddr: ZtsSockaddr = { family: socket.ZTS_AF_UNSPEC, addr: '', port: 0 }

export const statusNumber: Readonly<Record<NetworkState['status'], number>> = {
  requesting: constant.ZTS_NETWORK_STATUS_REQUESTING_CONFIGURATION,
  ok: constant.ZTS_NETWORK_STATUS_OK,
  ready: constant.ZTS_NETWORK_STATUS_OK,
  denied: constant.ZTS_NETWORK_STATUS_ACCESS_DENIED,
  // the headers know nothing of logging in: until then the network lets nobody in
  'auth-required': constant.ZTS_NETWORK_STATUS_ACCESS_DENIED,
  'not-found': constant.ZTS_NETWORK_STATUS_NOT_FOUND,
  'port-error': constant.ZTS_NETWORK_STATUS_PORT_ERROR,
  'too-old': constant.ZTS_NETWORK_STATUS_CLIENT_TOO_OLD,
  down: constant.ZTS_NETWORK_STATUS_REQUESTING_CONFIGURATION,
}
export const typeNumber = ({ type }: NetworkState): number =>
  type === 'public' ? constant.ZTS_NETWORK_TYPE_PUBLIC : constant.ZTS_NETWORK_TYPE_PRIVATE

const roleNumber: Readonly<Record<Peer['role'], number>> = {
  leaf: constant.ZTS_PEER_ROLE_LEAF,
  moon: constant.ZTS_PEER_ROLE_MOON,
  planet: constant.ZTS_PEER_ROLE_PLANET,
}

const versionOf = (version: string | undefined): readonly [number, number, number] => {
  const [major = -1, minor = -1, revision = -1] = version === undefined ? [] : version.split('.').map(Number)
  return [major, minor, revision]
}

/** The same members under the names of older headers. */
export const older = <A extends object, N extends Readonly<Record<string, keyof A>>>(
  made: A,
  names: N,
): A & { readonly [K in keyof N]: A[N[K]] } => {
  for (const [name, of] of Object.entries(names)) Object.defineProperty(made, name, { get: () => made[of] })
  return made as A & { readonly [K in keyof N]: A[N[K]] }
}
