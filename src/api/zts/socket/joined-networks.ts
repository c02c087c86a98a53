import { type IpAddress, isIpv6, parseIp, samePrefix } from '../../../protocol/kernel/ip.ts'
import type { NetworkCore } from '../../../streams/network-core.ts'
import type { NetworkState } from '../../../streams/snapshot.ts'

/** One way out of a network. */
interface Way {
  readonly target: Uint8Array
  readonly bits: number
  readonly metric: number
}

/**
 * The joined networks, as the one stack that the C library has: where an address leads is looked up over all of them.
 * Networks whose addresses overlap are told apart by binding, or by `SO_BINDTODEVICE`.
 */
export class JoinedNetworks {
  #all: readonly NetworkCore[] = []
  readonly #watchers = new Set<(network: NetworkCore) => void>()
  readonly #ways = new WeakMap<NetworkState, readonly Way[]>()

  /** In the order of joining. */
  get all(): readonly NetworkCore[] {
    return this.#all
  }

  /** What is joined now. */
  set(networks: Iterable<NetworkCore>): void {
    const before = this.#all
    this.#all = [...networks]
    for (const network of this.#all)
      if (!before.includes(network)) for (const watcher of [...this.#watchers]) watcher(network)
  }

  /** Calls back for each network that is joined from now on. Returns what ends that. */
  watch(joined: (network: NetworkCore) => void): () => void {
    this.#watchers.add(joined)
    return () => this.#watchers.delete(joined)
  }

  byId(id: string): NetworkCore | undefined {
    return this.#all.find((network) => network.state.id === id)
  }

  /** Whose address it is; 127.0.0.0/8 and ::1 are of the first network. */
  ownerOf(address: IpAddress): NetworkCore | undefined {
    if (isLoopback(address)) return this.#all[0]
    return this.#all.find(({ state }) => state.addresses.some((own) => own.address === address))
  }

  /**
   * The network by which packets to `address` go: the one with the longest prefix for it, of equals the one with the lower
   * metric, then the one joined first. What has no prefix (groups, broadcast, link-local) goes by the first.
   */
  towards(address: IpAddress): NetworkCore | undefined {
    const bytes = parseIp(address)
    if (bytes === undefined || isLoopback(address) || isUnrouted(bytes)) return this.#all[0]
    let best: NetworkCore | undefined
    let bits = -1
    let metric = 0
    for (const network of this.#all) {
      const way = this.#waysOf(network.state).find(({ target, bits }) => samePrefix(target, bytes, bits))
      if (way === undefined || way.bits < bits || (way.bits === bits && way.metric >= metric)) continue
      best = network
      bits = way.bits
      metric = way.metric
    }
    return best
  }

  /** The best first. A state never changes, so they are looked for once. */
  #waysOf(state: NetworkState): readonly Way[] {
    let ways = this.#ways.get(state)
    if (ways === undefined) {
      const own = state.addresses.map(({ address }) => way(address, isIpv6(address) ? 128 : 32, -1))
      const onLink = state.addresses.map(({ address, bits }) => way(address, bits, 0))
      const routes = state.routes.map(({ target, metric }) => way(target.address, target.bits, metric))
      ways = [...own, ...onLink, ...routes].sort((a, b) => b.bits - a.bits || a.metric - b.metric)
      this.#ways.set(state, ways)
    }
    return ways
  }
}

const way = (address: IpAddress, bits: number, metric: number): Way => ({
  target: parseIp(address) ?? new Uint8Array(0),
  bits,
  metric,
})

/** Multicast, link-local and the limited broadcast. */
const isUnrouted = (b: Uint8Array): boolean =>
  b.length === 4
    ? b[0]! >>> 4 === 14 || (b[0] === 169 && b[1] === 254) || b.every((byte) => byte === 255)
    : b[0] === 0xff || (b[0] === 0xfe && (b[1]! & 0xc0) === 0x80)

export const isLoopback = (address: IpAddress): boolean => address === '::1' || address.startsWith('127.')
