import type { NetworkState, Peer } from '../../streams/snapshot.ts'
import { macBits, nodeIdOf } from './bits.ts'
import { result } from './constant/result.ts'
import type { Instance } from './instance.ts'
import { stateOf } from './networks.ts'

type Item<A> = { readonly err: number } & A

/** Lists, one item at a time, for those who wrap this library. Texts here are in lower case, without prefix lengths. */
export const coreQueryFunctions = (instance: Instance) => {
  const count = (net_id: bigint, of: (state: NetworkState) => readonly unknown[]): number => {
    if (instance.node === undefined) return result.ZTS_ERR_SERVICE
    const state = stateOf(instance, net_id)
    return state === undefined ? result.ZTS_ERR_NO_RESULT : of(state).length
  }
  const item = <X, A extends object>(
    net_id: bigint,
    idx: number,
    of: (state: NetworkState) => readonly X[],
    show: (x: X) => A,
    nothing: A,
  ): Item<A> => {
    const size = count(net_id, of)
    if (size < 0) return { err: size, ...nothing }
    const found = of(stateOf(instance, net_id)!)[idx]
    return found === undefined ? { err: result.ZTS_ERR_ARG, ...nothing } : { err: result.ZTS_ERR_OK, ...show(found) }
  }
  const peer = (peer_id: bigint): Peer | number => {
    if (instance.node === undefined) return result.ZTS_ERR_SERVICE
    const id = nodeIdOf(peer_id)
    if (id === undefined) return result.ZTS_ERR_ARG
    return instance.node.peer(id) ?? result.ZTS_ERR_NO_RESULT
  }
  const lock = (): number => (instance.node === undefined ? result.ZTS_ERR_SERVICE : result.ZTS_ERR_OK)
  return {
    /** Nothing else runs meanwhile, so there is nothing to lock. */
    zts_core_lock_obtain: lock,
    zts_core_lock_release: lock,
    zts_core_query_addr_count: (net_id: bigint): number => count(net_id, addresses),
    zts_core_query_addr: (net_id: bigint, idx: number) =>
      item(net_id, idx, addresses, ({ address }) => ({ str: address }), { str: '' }),
    zts_core_query_route_count: (net_id: bigint): number => count(net_id, routes),
    /** `via` of a route without a gateway is `0.0.0.0`. */
    zts_core_query_route: (net_id: bigint, idx: number) =>
      item(
        net_id,
        idx,
        routes,
        ({ target, via, flags, metric }) => ({ target: target.address, via: via ?? NO_GATEWAY, flags, metric }),
        { target: '', via: '', flags: 0, metric: 0 },
      ),
    zts_core_query_mc_count: (net_id: bigint): number => count(net_id, groups),
    zts_core_query_mc: (net_id: bigint, idx: number) =>
      item(net_id, idx, groups, ({ mac, adi }) => ({ mac: macBits(mac), adi }), { mac: 0n, adi: 0 }),
    zts_core_query_path_count: (peer_id: bigint): number => {
      const found = peer(peer_id)
      return typeof found === 'number' ? found : found.paths.length
    },
    /** As in `192.0.2.1/9993`. */
    zts_core_query_path: (peer_id: bigint, idx: number): Item<{ readonly str: string }> => {
      const found = peer(peer_id)
      if (typeof found === 'number') return { err: found, str: '' }
      const path = found.paths[idx]
      if (path === undefined) return { err: result.ZTS_ERR_ARG, str: '' }
      return { err: result.ZTS_ERR_OK, str: `${path.endpoint.address}/${path.endpoint.port}` }
    },
  }
}

const addresses = (state: NetworkState): NetworkState['addresses'] => state.addresses
const routes = (state: NetworkState): NetworkState['routes'] => state.routes
const groups = (state: NetworkState): NetworkState['multicastGroups'] => state.multicastGroups

const NO_GATEWAY = '0.0.0.0'
