import { type IpAddress, parseIp } from '../../../protocol/kernel/ip.ts'
import type { NetworkCore } from '../../../streams/network-core.ts'
import { socket as S } from '../constant/socket.ts'
import { errno as E, type Errno } from '../errno.ts'
import { type Bound, bindTo } from './binding.ts'
import { DatagramLeg, type LegOwner } from './datagram-leg.ts'
import { MessageSocket } from './message-socket.ts'
import { udpOptionsOf } from './option-values.ts'
import { type SysResult, type Work, whole } from './perform.ts'
import { anywhere, type Place, placeFor } from './place.ts'

/** `ZTS_SOCK_DGRAM`: UDP, on one network if it is bound to an address of it, else on all. */
export class DatagramSocket extends MessageSocket {
  readonly type = S.ZTS_SOCK_DGRAM
  readonly protocol = 'udp'
  readonly #legs = new Map<NetworkCore, DatagramLeg>()
  #bound: Bound | undefined
  #peer: { readonly place: Place; readonly leg: DatagramLeg } | undefined
  #unwatch: () => void = () => undefined
  readonly #owner: LegOwner = {
    received: (leg, data, from, to) => this.#received(leg, data, from, to),
    failed: (leg, error) => this.#heard(leg, error),
    gone: (leg) => this.#lost(leg),
  }

  bind(given: Place): SysResult {
    if (this.#bound !== undefined) return -E.ZTS_EINVAL
    const place = placeFor(this, given)
    if (typeof place === 'number') return place
    for (let tries = 1; ; tries++) {
      const result = this.#bindTo(place)
      // a port that we chose may be one of the stack's own sockets: those of names
      if (result !== -E.ZTS_EADDRINUSE || place.port !== 0 || tries === MOST_TRIES) return result
    }
  }

  #bindTo(place: Place): SysResult {
    const { networks, udpPorts } = this.ground
    const isFilter = (address: IpAddress): boolean => isGroup(address) || address === BROADCAST
    const bound = bindTo(this.ground, udpPorts, this, place, {
      device: this.options.device,
      reuseAddress: this.#isShared,
      isFilter,
    })
    if (typeof bound === 'number') return bound
    this.#bound = bound
    const { network } = bound
    for (const one of network === undefined ? networks.all : [network]) {
      const result = this.#open(one)
      if (typeof result !== 'number') continue
      this.#unbind()
      return result
    }
    if (network === undefined) this.#unwatch = networks.watch((joined) => void this.#open(joined))
    return 0
  }

  connect(given: Place): SysResult {
    const place = this.destination(given)
    if (typeof place === 'number') return place
    if (place.port === 0) return -E.ZTS_EADDRNOTAVAIL
    const leg = this.#legFor(place.address)
    if (typeof leg === 'number') return leg
    // another remote end takes the place of the one before
    if (this.#peer !== undefined && this.#peer.leg !== leg) this.disconnect()
    const result = leg.connect(place)
    if (result < 0) return result
    this.takeError()
    this.#peer = { place, leg }
    return 0
  }

  override disconnect(): SysResult {
    this.#peer?.leg.disconnect()
    this.#peer = undefined
    return 0
  }

  writer(data: Uint8Array, given: Place | undefined): Work {
    return whole(() => {
      if (this.hasError) return -this.takeError()
      if (given === undefined)
        return this.#peer === undefined ? -E.ZTS_EDESTADDRREQ : this.#peer.leg.send(data, undefined)
      if (this.#peer !== undefined) return -E.ZTS_EISCONN
      const place = this.destination(given)
      if (typeof place === 'number') return place
      if (place.port === 0) return -E.ZTS_EINVAL
      const leg = this.#legFor(place.address)
      return typeof leg === 'number' ? leg : leg.send(data, place)
    })
  }

  /** Joined on one network: that of the address or number given, else of the address the socket is bound to, else the first. */
  override membership(join: boolean, group: string, at: string | number | undefined): SysResult {
    if (!isGroup(group)) return -E.ZTS_EINVAL
    const { networks } = this.ground
    const isNamed = at !== undefined && at !== 0 && at !== '0.0.0.0' && at !== '::'
    const named = !isNamed ? undefined : typeof at === 'number' ? networks.all[at - 1] : networks.ownerOf(at)
    if (isNamed && named === undefined) return -E.ZTS_EADDRNOTAVAIL
    const result = this.#boundSomewhere()
    if (result < 0) return result
    const network = named ?? this.#groupNetwork()
    const leg = network === undefined ? undefined : this.#legs.get(network)
    return leg?.membership(join, group) ?? -E.ZTS_ENODEV
  }

  get local(): Place | undefined {
    const at = this.#peer?.leg.local
    return at ?? this.#bound?.local
  }
  get remote(): Place | undefined {
    return this.#peer?.place
  }

  optionsChanged(): void {
    for (const leg of this.#legs.values()) leg.configure(udpOptionsOf(this.options))
  }

  protected release(): void {
    this.#unbind()
  }

  get #isShared(): boolean {
    return this.options.reuseAddress || this.options.reusePort
  }

  /** The leg by which `address` is reached; binds to any port if that was not done. */
  #legFor(address: IpAddress): DatagramLeg | SysResult {
    const bound = this.#boundSomewhere()
    if (bound < 0) return bound
    const only = this.#bound?.network ?? this.options.device
    const isForMany = isGroup(address) || address === BROADCAST
    const network = only ?? (isForMany ? this.#groupNetwork() : this.ground.networks.towards(address))
    if (network === undefined) return -E.ZTS_ENETUNREACH
    return this.#legs.get(network) ?? -E.ZTS_ENETDOWN
  }

  #boundSomewhere(): SysResult {
    return this.#bound === undefined ? this.bind({ address: anywhere(this.family), port: 0 }) : 0
  }

  /** `ZTS_IP_MULTICAST_IF`, or where the socket is, or the first network. */
  #groupNetwork(): NetworkCore | undefined {
    const { networks } = this.ground
    const { multicastInterface: at } = this.options
    return (at === undefined ? undefined : networks.ownerOf(at)) ?? this.#bound?.network ?? networks.all[0]
  }

  #open(network: NetworkCore): DatagramLeg | SysResult {
    const { claim } = this.#bound!
    const leg = new DatagramLeg(network, this.#owner)
    this.#legs.set(network, leg)
    const { v6Only } = this.options
    const address = claim.address ?? (this.family === 4 ? '0.0.0.0' : undefined)
    const place = { ...(address === undefined ? {} : { address }), port: claim.port }
    const result = leg.bind(place, this.#isShared, v6Only)
    if (result < 0) return result
    leg.configure(udpOptionsOf(this.options))
    return leg
  }

  #unbind(): void {
    this.#unwatch()
    for (const leg of [...this.#legs.values()]) leg.close()
    this.#legs.clear()
    if (this.#bound !== undefined) this.ground.udpPorts.remove(this.#bound.claim)
    this.#bound = undefined
    this.#peer = undefined
  }

  #received(leg: DatagramLeg, data: Uint8Array, from: Place, to: Place): void {
    const peer = this.#peer
    const isForeign = peer !== undefined && (peer.leg !== leg || !isSame(peer.place, from))
    if (isForeign || (this.options.v6Only && !from.address.includes(':'))) return
    const isKept = this.take({ data, from, to, netId: leg.network.id })
    if (!isKept) leg.network.dropped('udp-queue')
  }

  /** Only who is connected can know what an error is about. */
  #heard(leg: DatagramLeg, error: Errno): void {
    if (this.#peer?.leg === leg) this.remember(error)
  }

  #lost(leg: DatagramLeg): void {
    if (this.#legs.get(leg.network) !== leg) return
    this.#legs.delete(leg.network)
    if (this.#peer?.leg !== leg && this.#bound?.network !== leg.network) return
    this.#peer = undefined
    this.remember(E.ZTS_ENETDOWN)
  }
}

/** 224.0.0.0/4, ff00::/8. */
const isGroup = (address: IpAddress): boolean => {
  const first = parseIp(address)?.[0] ?? 0
  return address.includes(':') ? first === 0xff : first >>> 4 === 14
}
/** The address of every host on the link. */
const BROADCAST = '255.255.255.255'

const isSame = (a: Place, b: Place): boolean => a.port === b.port && a.address === b.address
const MOST_TRIES = 8
