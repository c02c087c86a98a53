import type { IpPrefix, NetworkState } from '../../streams/snapshot.ts'
import { rfc4193, sixPlane } from '../id.ts'
import { networkIdOf, nodeIdOf } from './bits.ts'
import { result } from './constant/result.ts'
import { socket } from './constant/socket.ts'
import type { Instance } from './instance.ts'
import { stateOf } from './networks.ts'
import { printZtsIp, sockaddr, type ZtsSockaddr } from './sockaddr.ts'
import { noAddr, prefixAddr } from './structures.ts'

export interface WithAddr {
  readonly err: number
  readonly addr: ZtsSockaddr
}
export interface WithText {
  readonly err: number
  readonly str: string
}

/** Addresses and routes of networks. In the place of the port, an address of ours has the length of its prefix. */
export const addressFunctions = (instance: Instance) => {
  const first = (net_id: bigint, family: number): IpPrefix | number => {
    const version = versionOf(family)
    if (networkIdOf(net_id) === undefined || version === undefined) return result.ZTS_ERR_ARG
    if (instance.node === undefined) return result.ZTS_ERR_SERVICE
    const found = stateOf(instance, net_id)?.addresses.find((address) => address.family === version)
    return found ?? result.ZTS_ERR_NO_RESULT
  }
  /** 1 or 0; 0 while nothing runs. */
  const has = (net_id: bigint, family: number, of: (state: NetworkState, version: 4 | 6) => boolean): number => {
    const version = versionOf(family)
    if (networkIdOf(net_id) === undefined || version === undefined) return result.ZTS_ERR_ARG
    const state = stateOf(instance, net_id)
    return Number(state !== undefined && of(state, version))
  }
  return {
    zts_addr_is_assigned: (net_id: bigint, family: number): number =>
      has(net_id, family, ({ addresses }, version) => addresses.some((address) => address.family === version)),
    /** The first one of the family. */
    zts_addr_get: (net_id: bigint, family: number): WithAddr => {
      const found = first(net_id, family)
      return typeof found === 'number'
        ? { err: found, addr: noAddr }
        : { err: result.ZTS_ERR_OK, addr: prefixAddr(found) }
    },
    zts_addr_get_str: (net_id: bigint, family: number): WithText => {
      const found = first(net_id, family)
      return typeof found === 'number'
        ? { err: found, str: '' }
        : { err: result.ZTS_ERR_OK, str: printZtsIp(found.address) }
    },
    zts_addr_get_all: (net_id: bigint): { readonly err: number; readonly addrs: readonly ZtsSockaddr[] } => {
      if (networkIdOf(net_id) === undefined) return { err: result.ZTS_ERR_ARG, addrs: [] }
      if (instance.node === undefined) return { err: result.ZTS_ERR_SERVICE, addrs: [] }
      const addrs = stateOf(instance, net_id)?.addresses.map(prefixAddr) ?? []
      return { err: addrs.length === 0 ? result.ZTS_ERR_NO_RESULT : result.ZTS_ERR_OK, addrs }
    },
    zts_route_is_assigned: (net_id: bigint, family: number): number =>
      has(net_id, family, ({ routes }, version) => routes.some(({ target }) => target.family === version)),
    ...computed('6plane', sixPlane),
    ...computed('rfc4193', rfc4193),
  }
}

/** The address that a scheme gives to a node on a network, as structure and as text. */
const computed = <N extends string>(name: N, scheme: typeof sixPlane) => {
  const compute = (net_id: bigint, node_id: bigint): string | undefined => {
    const [network, node] = [networkIdOf(net_id), nodeIdOf(node_id)]
    return network === undefined || node === undefined ? undefined : scheme(network, node)
  }
  const asAddr = (net_id: bigint, node_id: bigint): WithAddr => {
    const found = compute(net_id, node_id)
    return found === undefined
      ? { err: result.ZTS_ERR_ARG, addr: noAddr }
      : { err: result.ZTS_ERR_OK, addr: sockaddr(found, 0) }
  }
  const asText = (net_id: bigint, node_id: bigint): WithText => {
    const found = compute(net_id, node_id)
    return found === undefined
      ? { err: result.ZTS_ERR_ARG, str: '' }
      : { err: result.ZTS_ERR_OK, str: printZtsIp(found) }
  }
  return {
    [`zts_addr_compute_${name}`]: asAddr,
    [`zts_addr_compute_${name}_str`]: asText,
  } as { readonly [K in `zts_addr_compute_${N}`]: typeof asAddr } & {
    readonly [K in `zts_addr_compute_${N}_str`]: typeof asText
  }
}

const versionOf = (family: unknown): 4 | 6 | undefined =>
  family === socket.ZTS_AF_INET ? 4 : family === socket.ZTS_AF_INET6 ? 6 : undefined
