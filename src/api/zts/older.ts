import { take } from 'rxjs'
import type { NetworkState, Peer } from '../../streams/snapshot.ts'
import { flagOf, networkIdOf, nodeIdOf } from './bits.ts'
import { event as code } from './constant/event.ts'
import { result } from './constant/result.ts'
import { hasSecret, isPath } from './init.ts'
import type { Instance } from './instance.ts'
import type { Life } from './life.ts'
import { leave, stateOf } from './networks.ts'
import type { EventHandler, Settings } from './settings.ts'
import { isPort } from './sockaddr.ts'
import { netInfo, peerInfo, type ZtsNetInfo, type ZtsPeerInfo } from './structures.ts'

/** What only older headers have, and is more than another name. */
export const olderFunctions = (instance: Instance, life: Life) => {
  const begin = (isRight: boolean, handler: unknown, port: unknown, say: (settings: Settings) => void) => {
    if (!isRight || typeof handler !== 'function' || !isPort(port)) return Promise.resolve(result.ZTS_ERR_ARG)
    if (instance.phase !== 'stopped') return Promise.resolve(result.ZTS_ERR_SERVICE)
    say(instance.settings)
    instance.settings.handler = handler as EventHandler
    instance.settings.port = port
    return life.start(true)
  }
  const allow = (allowed: unknown, take: (settings: Settings, on: boolean) => void): number => {
    const on = flagOf(allowed)
    if (instance.phase !== 'stopped') return result.ZTS_ERR_SERVICE
    if (on === undefined) return result.ZTS_ERR_ARG
    take(instance.settings, on)
    return result.ZTS_ERR_OK
  }
  const allowPeers = (allowed: number | boolean): number =>
    allow(allowed, ({ cache }, on) => {
      cache.peers = on
    })
  return {
    /** Starts with a home directory; all events go to `callback`. */
    zts_start: (path: string, callback: EventHandler, port: number): Promise<number> =>
      begin(isPath(path), callback, port, (settings) => {
        settings.path = path
      }),
    /** Starts as somebody, and keeps nothing. */
    zts_start_with_identity: (key_pair: string, callback: EventHandler, port: number): Promise<number> =>
      begin(hasSecret(key_pair), callback, port, (settings) => {
        settings.identity = key_pair
      }),
    /** Resolves when the node is there again, with the same path, identity, port and callback. */
    zts_restart: (): Promise<number> => life.restart(),
    zts_leave_all: (): number => {
      if (instance.node === undefined) return result.ZTS_ERR_SERVICE
      for (const network of instance.networks) leave(instance, network)
      return result.ZTS_ERR_OK
    },
    /** `ZTS_EVENT_NODE_ONLINE` or `ZTS_EVENT_NODE_OFFLINE`. */
    zts_get_node_status: (): number => {
      if (instance.node === undefined) return result.ZTS_ERR_SERVICE
      return instance.node.info.online ? code.ZTS_EVENT_NODE_ONLINE : code.ZTS_EVENT_NODE_OFFLINE
    },
    /** The code of the event that led to its state. */
    zts_get_network_status: (nwid: bigint): number => {
      if (networkIdOf(nwid) === undefined) return result.ZTS_ERR_ARG
      if (instance.node === undefined) return result.ZTS_ERR_SERVICE
      const state = stateOf(instance, nwid)
      return state === undefined ? result.ZTS_ERR_NO_RESULT : codeOf[state.status]
    },
    /** `ZTS_EVENT_PEER_DIRECT`, `…_RELAY` or `…_UNREACHABLE`. */
    zts_get_peer_status: (peerId: bigint): number => {
      const found = peerOf(instance, peerId)
      return typeof found === 'number' ? found : peerCode[found.link]
    },
    zts_get_network_details: (nwid: bigint): { readonly err: number; readonly nd: ZtsNetInfo | null } => {
      if (networkIdOf(nwid) === undefined) return { err: result.ZTS_ERR_ARG, nd: null }
      if (instance.node === undefined) return { err: result.ZTS_ERR_SERVICE, nd: null }
      const state = stateOf(instance, nwid)
      return state === undefined
        ? { err: result.ZTS_ERR_NO_RESULT, nd: null }
        : { err: result.ZTS_ERR_OK, nd: netInfo(state) }
    },
    zts_get_all_network_details: (): {
      readonly err: number
      readonly nds: readonly ZtsNetInfo[]
      readonly num: number
    } => {
      const nds = [...instance.states.values()].map(netInfo)
      const err = instance.node === undefined ? result.ZTS_ERR_SERVICE : result.ZTS_ERR_OK
      return { err, nds, num: nds.length }
    },
    zts_get_peer: (peerId: bigint): { readonly err: number; readonly pd: ZtsPeerInfo | null } => {
      const found = peerOf(instance, peerId)
      return typeof found === 'number' ? { err: found, pd: null } : { err: result.ZTS_ERR_OK, pd: peerInfo(found) }
    },
    zts_get_peers: (): { readonly err: number; readonly pds: readonly ZtsPeerInfo[]; readonly num: number } => {
      const pds: ZtsPeerInfo[] = []
      instance.node?.peers$.pipe(take(1)).subscribe((peers) => {
        for (const peer of peers.values()) pds.push(peerInfo(peer))
      })
      const err = instance.node === undefined ? result.ZTS_ERR_SERVICE : result.ZTS_ERR_OK
      return { err, pds, num: pds.length }
    },
    zts_allow_network_caching: (allowed: number | boolean): number =>
      allow(allowed, ({ cache }, on) => {
        cache.networks = on
      }),
    zts_allow_peer_caching: allowPeers,
    /** As the README of those releases calls it; no header has it. */
    zts_set_peer_caching: allowPeers,
    /** There is no local.conf: what it says is said by `createZts({ node: { paths, trustedPaths, bonding } })`. */
    zts_allow_local_conf: (allowed: number | boolean): number => allow(allowed, () => undefined),
    /** Nothing is kept, whatever path is given. */
    zts_disable_local_storage: (disabled: number | boolean): number =>
      allow(disabled, ({ cache }, on) => {
        cache.identity = cache.networks = cache.peers = cache.roots = !on
      }),
  }
}

const peerOf = ({ node }: Instance, peerId: unknown): Peer | number => {
  const id = nodeIdOf(peerId)
  if (id === undefined) return result.ZTS_ERR_ARG
  if (node === undefined) return result.ZTS_ERR_SERVICE
  return node.peer(id) ?? result.ZTS_ERR_NO_RESULT
}

const peerCode: Readonly<Record<Peer['link'], number>> = {
  direct: code.ZTS_EVENT_PEER_DIRECT,
  relay: code.ZTS_EVENT_PEER_RELAY,
  unreachable: code.ZTS_EVENT_PEER_UNREACHABLE,
}

const codeOf: Readonly<Record<NetworkState['status'], number>> = {
  requesting: code.ZTS_EVENT_NETWORK_REQ_CONFIG,
  ok: code.ZTS_EVENT_NETWORK_OK,
  ready: code.ZTS_EVENT_NETWORK_OK,
  denied: code.ZTS_EVENT_NETWORK_ACCESS_DENIED,
  'auth-required': code.ZTS_EVENT_NETWORK_ACCESS_DENIED,
  'not-found': code.ZTS_EVENT_NETWORK_NOT_FOUND,
  'port-error': code.ZTS_EVENT_NETWORK_DOWN,
  'too-old': code.ZTS_EVENT_NETWORK_CLIENT_TOO_OLD,
  down: code.ZTS_EVENT_NETWORK_DOWN,
}
