import type { ZtEvent } from '../../streams/event.ts'
import type { NetworkState } from '../../streams/snapshot.ts'
import { event as code } from './constant/event.ts'
import { message, type ZtsEventMessage } from './event-message.ts'
import { addrInfo, netInfo, netifInfo, nodeInfo, pathInfo, peerInfo, routeInfo } from './structures.ts'

/**
 * What the C library would say of an event of ours: mostly one message, none for what the headers have no code for.
 * Interfaces follow their networks: there once a network is entered first, linked while this node is let in.
 * `isOlder`: the programs of older headers hear of the end by codes of their own, too.
 */
export class EventMessages {
  readonly #interfaces = new Map<string, { linked: boolean }>()
  readonly #isOlder: boolean

  constructor(isOlder: boolean) {
    this.#isOlder = isOlder
  }

  of(event: ZtEvent): readonly ZtsEventMessage[] {
    switch (event.type) {
      case 'node/up':
        return [message(code.ZTS_EVENT_NODE_UP, { node: nodeInfo(event.node) }), message(code.ZTS_EVENT_STACK_UP)]
      case 'node/online':
        return [message(code.ZTS_EVENT_NODE_ONLINE, { node: nodeInfo(event.node) })]
      case 'node/offline':
        return [message(code.ZTS_EVENT_NODE_OFFLINE, { node: nodeInfo(event.node) })]
      case 'node/down': {
        const node = nodeInfo(event.node)
        return [
          message(code.ZTS_EVENT_NODE_DOWN, { node }),
          ...(this.#isOlder ? [message(code.ZTS_EVENT_NODE_NORMAL_TERMINATION, { node })] : []),
          message(code.ZTS_EVENT_STACK_DOWN),
        ]
      }
      case 'node/fatal': {
        const payload = { node: nodeInfo(event.node), error: event.error }
        const isCollision = event.error.code === 'ERR_ZT_IDENTITY_COLLISION'
        const fatal =
          this.#isOlder && !isCollision ? code.ZTS_EVENT_NODE_UNRECOVERABLE_ERROR : code.ZTS_EVENT_NODE_FATAL_ERROR
        return [message(fatal, payload), message(code.ZTS_EVENT_STACK_DOWN)]
      }
      case 'network/ok':
        return [message(code.ZTS_EVENT_NETWORK_OK, { network: netInfo(event.network) }), ...this.#link(event.network)]
      case 'network/down':
        return [
          ...this.#remove(event.network),
          message(code.ZTS_EVENT_NETWORK_DOWN, { network: netInfo(event.network) }),
        ]
      case 'network/requesting':
      case 'network/denied':
      case 'network/auth-required':
      case 'network/not-found':
      case 'network/too-old':
        return [message(outside[event.type], { network: netInfo(event.network) }), ...this.#unlink(event.network)]
      case 'network/ready':
        return [
          message(event.family === 4 ? code.ZTS_EVENT_NETWORK_READY_IP4 : code.ZTS_EVENT_NETWORK_READY_IP6, {
            network: netInfo(event.network),
          }),
        ]
      case 'network/update':
        return [message(code.ZTS_EVENT_NETWORK_UPDATE, { network: netInfo(event.network) })]
      case 'peer/direct':
        return [message(code.ZTS_EVENT_PEER_DIRECT, { peer: peerInfo(event.peer) })]
      case 'peer/relay':
        return [message(code.ZTS_EVENT_PEER_RELAY, { peer: peerInfo(event.peer) })]
      case 'peer/unreachable':
        return [message(code.ZTS_EVENT_PEER_UNREACHABLE, { peer: peerInfo(event.peer) })]
      case 'peer/path-added':
      case 'peer/path-removed': {
        const isNew = event.type === 'peer/path-added'
        const which = isNew ? code.ZTS_EVENT_PEER_PATH_DISCOVERED : code.ZTS_EVENT_PEER_PATH_DEAD
        return [message(which, { peer: peerInfo(event.peer), path: pathInfo(event.path) })]
      }
      case 'route/added':
        return [message(code.ZTS_EVENT_ROUTE_ADDED, { route: routeInfo(event.route) })]
      case 'route/removed':
        return [message(code.ZTS_EVENT_ROUTE_REMOVED, { route: routeInfo(event.route) })]
      case 'address/added':
      case 'address/removed': {
        const which = addressCode[event.type][event.address.family]
        return [message(which, { addr: addrInfo(event.networkId, event.address) })]
      }
      case 'address/conflict':
        return []
    }
  }

  #link(network: NetworkState): readonly ZtsEventMessage[] {
    const netif = netifInfo(network)
    const known = this.#interfaces.get(network.id)
    if (known?.linked === true) return []
    this.#interfaces.set(network.id, { linked: true })
    const up = message(code.ZTS_EVENT_NETIF_LINK_UP, { netif })
    return known === undefined ? [message(code.ZTS_EVENT_NETIF_UP, { netif }), up] : [up]
  }

  #unlink(network: NetworkState): readonly ZtsEventMessage[] {
    const known = this.#interfaces.get(network.id)
    if (known?.linked !== true) return []
    known.linked = false
    return [message(code.ZTS_EVENT_NETIF_LINK_DOWN, { netif: netifInfo(network) })]
  }

  #remove(network: NetworkState): readonly ZtsEventMessage[] {
    if (!this.#interfaces.has(network.id)) return []
    const unlinked = this.#unlink(network)
    this.#interfaces.delete(network.id)
    const netif = netifInfo(network)
    return [
      ...unlinked,
      message(code.ZTS_EVENT_NETIF_DOWN, { netif }),
      message(code.ZTS_EVENT_NETIF_REMOVED, { netif }),
    ]
  }
}

const outside = {
  'network/requesting': code.ZTS_EVENT_NETWORK_REQ_CONFIG,
  'network/denied': code.ZTS_EVENT_NETWORK_ACCESS_DENIED,
  // the headers know nothing of logging in: until then the network lets nobody in
  'network/auth-required': code.ZTS_EVENT_NETWORK_ACCESS_DENIED,
  'network/not-found': code.ZTS_EVENT_NETWORK_NOT_FOUND,
  'network/too-old': code.ZTS_EVENT_NETWORK_CLIENT_TOO_OLD,
} as const

const addressCode = {
  'address/added': { 4: code.ZTS_EVENT_ADDR_ADDED_IP4, 6: code.ZTS_EVENT_ADDR_ADDED_IP6 },
  'address/removed': { 4: code.ZTS_EVENT_ADDR_REMOVED_IP4, 6: code.ZTS_EVENT_ADDR_REMOVED_IP6 },
} as const
