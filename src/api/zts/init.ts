import { decode } from '../../protocol/kernel/codec.ts'
import { world } from '../../protocol/world/world.ts'
import { parseIp } from '../address.ts'
import { isIdentity, parseIdentity } from '../identity.ts'
import { flagOf } from './bits.ts'
import { network } from './constant/network.ts'
import { result } from './constant/result.ts'
import type { Instance } from './instance.ts'
import type { EventHandler, Settings } from './settings.ts'
import { isPort } from './sockaddr.ts'

/**
 * What the next start will be like. Each call gives `ZTS_ERR_SERVICE` once the node is started, and `ZTS_ERR_ARG` for
 * what it cannot be told. Stopping forgets all of it.
 */
export const initFunctions = (instance: Instance) => {
  /** Lets `take` have what was said, if it is what it has to be. */
  const set = (isRight: boolean, take: (settings: Settings) => void): number => {
    if (instance.phase !== 'stopped') return result.ZTS_ERR_SERVICE
    if (!isRight) return result.ZTS_ERR_ARG
    take(instance.settings)
    return result.ZTS_ERR_OK
  }
  const setFlag = (given: unknown, take: (settings: Settings, on: boolean) => void): number => {
    const on = flagOf(given)
    return set(on !== undefined, (settings) => take(settings, on!))
  }
  return {
    /** A home directory, of this library or the native one: identity, roots, networks and peers are kept in it. */
    zts_init_from_storage: (path: string): number =>
      set(isPath(path), (settings) => {
        settings.path = path
      }),
    /** The text of an identity with its secret. */
    zts_init_from_memory: (key: string): number =>
      set(hasSecret(key), (settings) => {
        settings.identity = key
      }),
    /** Called in a microtask after what happened, in the order in which it did. */
    zts_init_set_event_handler: (handler: EventHandler): number =>
      set(typeof handler === 'function', (settings) => {
        settings.handler = handler
      }),
    /** The primary UDP port; 0 is a random one. */
    zts_init_set_port: (port: number): number =>
      set(isPort(port), (settings) => {
        settings.port = port
      }),
    zts_init_set_random_port_range: (first: number, last: number): number =>
      set(isPort(first) && isPort(last) && first > 0 && first <= last, (settings) => {
        settings.portRange = [first, last]
      }),
    zts_init_allow_secondary_port: (allowed: number | boolean): number =>
      setFlag(allowed, (settings, on) => {
        settings.secondaryPort = on
      }),
    /** Kept for a later version: ports are not mapped yet. */
    zts_init_allow_port_mapping: (allowed: number | boolean): number =>
      setFlag(allowed, (settings, on) => {
        settings.portMapping = on
      }),
    /** Interfaces whose names begin so are not used. May be called for each of several. */
    zts_init_blacklist_if: (prefix: string): number =>
      set(isInterfacePrefix(prefix), ({ blacklist }) => {
        if (!blacklist.includes(prefix) && blacklist.length < MOST_BLACKLISTED) blacklist.push(prefix)
      }),
    /** A signed planet in the place of the public one. */
    zts_init_set_roots: (roots: Uint8Array): number =>
      set(isPlanet(roots), (settings) => {
        settings.roots = roots.slice()
      }),
    zts_init_set_low_bandwidth_mode: (enabled: number | boolean): number =>
      setFlag(enabled, (settings, on) => {
        settings.lowBandwidth = on
      }),
    /** An IPv4 address. There is no relay but the one named here. */
    zts_init_set_tcp_relay: (ip: string, port: number): number => {
      const address = parseIp(ip)
      return set(address !== undefined && !address.includes(':') && isPort(port) && port > 0, (settings) => {
        settings.relay = { address: address!, port }
      })
    },
    zts_init_allow_tcp_relay: (allowed: number | boolean): number =>
      setFlag(allowed, (settings, on) => {
        settings.allowRelay = on
      }),
    /** Nothing goes by UDP. Needs a relay: without one the start gives `ZTS_ERR_ARG`. */
    zts_init_force_tcp_relay: (enabled: number | boolean): number =>
      setFlag(enabled, (settings, on) => {
        settings.forceRelay = on
      }),
    zts_init_allow_net_cache: (allowed: number | boolean): number =>
      setFlag(allowed, ({ cache }, on) => {
        cache.networks = on
      }),
    zts_init_allow_peer_cache: (allowed: number | boolean): number =>
      setFlag(allowed, ({ cache }, on) => {
        cache.peers = on
      }),
    zts_init_allow_roots_cache: (allowed: number | boolean): number =>
      setFlag(allowed, ({ cache }, on) => {
        cache.roots = on
      }),
    zts_init_allow_id_cache: (allowed: number | boolean): number =>
      setFlag(allowed, ({ cache }, on) => {
        cache.identity = on
      }),
  }
}

export const isPath = (path: unknown): path is string => typeof path === 'string' && path !== '' && !path.includes('\0')

export const hasSecret = (key: unknown): key is string => isIdentity(key) && parseIdentity(key).hasSecret

const isInterfacePrefix = (prefix: unknown): prefix is string =>
  typeof prefix === 'string' && prefix.length >= 1 && prefix.length <= LONGEST_PREFIX

const isPlanet = (roots: unknown): roots is Uint8Array => {
  if (!(roots instanceof Uint8Array) || roots.length > network.ZTS_STORE_DATA_LEN) return false
  const found = decode(world, roots)
  return found._tag === 'Right' && found.right.type === 'planet'
}

const LONGEST_PREFIX = 15
const MOST_BLACKLISTED = 64
