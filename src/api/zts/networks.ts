import type { Counts } from '../../streams/counters.ts'
import type { NetworkState } from '../../streams/snapshot.ts'
import type { Network } from '../network.ts'
import { macBits, networkIdOf, nodeIdOf, worldIdOf } from './bits.ts'
import { result } from './constant/result.ts'
import type { Instance } from './instance.ts'
import { isPort } from './sockaddr.ts'
import { statusNumber, typeNumber } from './structures.ts'

/** Networks and moons. IDs are `bigint`; a `number` gives `ZTS_ERR_ARG`. */
export const networkFunctions = (instance: Instance) => {
  /** What `of` gives of a network; `unknown` where there is none. */
  const ask = (id: bigint, of: (state: NetworkState) => number): number => {
    if (instance.node === undefined) return result.ZTS_ERR_SERVICE
    const state = stateOf(instance, id)
    return state === undefined ? result.ZTS_ERR_NO_RESULT : of(state)
  }
  const askText = (id: bigint, of: (state: NetworkState) => string): { readonly err: number; readonly str: string } => {
    let str = ''
    const err = ask(id, (state) => {
      str = of(state)
      return result.ZTS_ERR_OK
    })
    return { err, str }
  }
  return {
    /** Gives the result at once; events and `zts_net_transport_is_ready` say what comes of it. Idempotent. */
    zts_net_join: (net_id: bigint): number => {
      const id = networkIdOf(net_id)
      if (id === undefined) return result.ZTS_ERR_ARG
      if (instance.node === undefined) return result.ZTS_ERR_SERVICE
      instance.node.join(id, { wait: 'none' }).catch((error: unknown) => instance.failed(error))
      return result.ZTS_ERR_OK
    },
    /** Also of a network that is not joined. */
    zts_net_leave: (net_id: bigint): number => {
      const id = networkIdOf(net_id)
      if (id === undefined) return result.ZTS_ERR_ARG
      if (instance.node === undefined) return result.ZTS_ERR_SERVICE
      const network = instance.network(id)
      if (network !== undefined) leave(instance, network)
      return result.ZTS_ERR_OK
    },
    /** 1 once there is an address. */
    zts_net_transport_is_ready: (net_id: bigint): number =>
      Number((stateOf(instance, net_id)?.addresses.length ?? 0) > 0),
    /** 48 bits; 0 where there is no such network. */
    zts_net_get_mac: (net_id: bigint): bigint => {
      const state = stateOf(instance, net_id)
      return state === undefined ? 0n : macBits(state.mac)
    },
    /** Without zeros in front, as in `2:23:13:8:e1:64`. */
    zts_net_get_mac_str: (net_id: bigint): { readonly err: number; readonly str: string } =>
      askText(net_id, ({ mac }) => mac.replace(/0(?=[0-9a-f](:|$))/g, '')),
    zts_net_get_broadcast: (net_id: bigint): number => ask(net_id, ({ broadcast }) => Number(broadcast)),
    zts_net_get_mtu: (net_id: bigint): number => ask(net_id, ({ mtu }) => mtu),
    zts_net_get_name: (net_id: bigint): { readonly err: number; readonly str: string; readonly name: string } => {
      const { err, str } = askText(net_id, ({ name }) => name)
      return { err, str, name: str }
    },
    /** `ZTS_NETWORK_STATUS_…`. */
    zts_net_get_status: (net_id: bigint): number => ask(net_id, ({ status }) => statusNumber[status]),
    zts_net_get_type: (net_id: bigint): number => ask(net_id, typeNumber),
    /** The network for a range of ports that everybody is a member of; 0 for what are no ports. */
    zts_net_compute_adhoc_id: (start_port: number, end_port: number): bigint =>
      isPort(start_port) && isPort(end_port)
        ? (0xffn << 56n) | (BigInt(start_port) << 40n) | (BigInt(end_port) << 24n)
        : 0n,
    /** Adds the roots of a moon, told by `seed`, one of them. */
    zts_moon_orbit: (moon_roots_id: bigint, moon_seed: bigint): number => {
      const [moon, seed] = [worldIdOf(moon_roots_id), nodeIdOf(moon_seed)]
      if (moon === undefined || seed === undefined) return result.ZTS_ERR_ARG
      if (instance.node === undefined) return result.ZTS_ERR_SERVICE
      instance.node.orbit(moon, seed).catch((error: unknown) => instance.failed(error))
      return result.ZTS_ERR_OK
    },
    zts_moon_deorbit: (moon_roots_id: bigint): number => {
      const moon = worldIdOf(moon_roots_id)
      if (moon === undefined) return result.ZTS_ERR_ARG
      if (instance.node === undefined) return result.ZTS_ERR_SERVICE
      instance.node.deorbit(moon).catch((error: unknown) => instance.failed(error))
      return result.ZTS_ERR_OK
    },
  }
}

/** What it counted so far still counts: the C library has one host stack for all networks. */
export const leave = (instance: Instance, network: Network): void => {
  instance.pastStats = sum(instance.pastStats, network.stats)
  network.leave().catch((error: unknown) => instance.failed(error))
}

export const stateOf = (instance: Instance, net_id: unknown): NetworkState | undefined => {
  const id = networkIdOf(net_id)
  return id === undefined ? undefined : instance.states.get(id)
}

export const sum = (a: Counts, b: Counts): Counts => {
  const total: Record<string, number> = { ...a }
  for (const [name, count] of Object.entries(b)) total[name] = (total[name] ?? 0) + count
  return total
}
