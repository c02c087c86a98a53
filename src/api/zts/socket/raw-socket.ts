import type { NetworkCore } from '../../../streams/network-core.ts'
import { socket as S } from '../constant/socket.ts'
import { errno as E } from '../errno.ts'
import type { Ground } from './ground.ts'
import { MessageSocket } from './message-socket.ts'
import { udpOptionsOf } from './option-values.ts'
import { type SysResult, type Work, whole } from './perform.ts'
import { anywhere, isAnywhere, type Place, placeFor } from './place.ts'
import { type Packet, RawLeg } from './raw-leg.ts'

/**
 * `ZTS_SOCK_RAW`: every packet of one IP protocol, on all networks. As BSD has it, a packet of IPv4 is read with its
 * header, one of IPv6 without.
 */
export class RawSocket extends MessageSocket {
  readonly type = S.ZTS_SOCK_RAW
  readonly protocol = 'raw'
  readonly #number: number
  readonly #legs = new Map<NetworkCore, RawLeg>()
  readonly #unwatch: () => void
  #local: Place | undefined
  #peer: Place | undefined

  constructor(ground: Ground, family: 4 | 6, protocol: number) {
    super(ground, family)
    this.#number = protocol
    for (const network of ground.networks.all) this.#open(network)
    this.#unwatch = ground.networks.watch((network) => this.#open(network))
  }

  /** Only packets to that address. */
  bind(given: Place): SysResult {
    const place = placeFor(this, given)
    if (typeof place === 'number') return place
    const isOpen = isAnywhere(place.address)
    if (!isOpen && this.ground.networks.ownerOf(place.address) === undefined) return -E.ZTS_EADDRNOTAVAIL
    this.#local = isOpen ? undefined : { ...place, port: 0 }
    return 0
  }

  /** Only packets from that address. */
  connect(given: Place): SysResult {
    const place = this.destination(given)
    if (typeof place === 'number') return place
    if (this.ground.networks.towards(place.address) === undefined) return -E.ZTS_ENETUNREACH
    this.#peer = { ...place, port: 0 }
    return 0
  }
  override disconnect(): SysResult {
    this.#peer = undefined
    return 0
  }

  writer(data: Uint8Array, given: Place | undefined): Work {
    return whole(() => {
      if (given !== undefined && this.#peer !== undefined) return -E.ZTS_EISCONN
      const place = given === undefined ? this.#peer : this.destination(given)
      if (place === undefined) return -E.ZTS_EDESTADDRREQ
      if (typeof place === 'number') return place
      const { networks } = this.ground
      const owner = this.#local === undefined ? undefined : networks.ownerOf(this.#local.address)
      const network = owner ?? this.options.device ?? networks.towards(place.address)
      const leg = network === undefined ? undefined : this.#legs.get(network)
      return leg?.send(data, place.address) ?? -E.ZTS_ENETUNREACH
    })
  }

  get local(): Place {
    return this.#local ?? { address: anywhere(this.family), port: 0 }
  }
  get remote(): Place | undefined {
    return this.#peer
  }

  optionsChanged(): void {
    for (const leg of this.#legs.values()) leg.configure(udpOptionsOf(this.options))
  }

  protected release(): void {
    this.#unwatch()
    for (const leg of this.#legs.values()) leg.close()
    this.#legs.clear()
  }

  #open(network: NetworkCore): void {
    const leg = new RawLeg(
      network,
      (from, packet) => this.#received(from, packet),
      (gone) => this.#legs.delete(gone.network),
    )
    if (leg.open(this.family, this.#number) < 0) return
    this.#legs.set(network, leg)
    leg.configure(udpOptionsOf(this.options))
  }

  #received(leg: RawLeg, { packet, payloadAt, from, to }: Packet): void {
    if (this.#peer !== undefined && this.#peer.address !== from) return
    if (this.#local !== undefined && this.#local.address !== to) return
    if (this.options.device !== undefined && this.options.device !== leg.network) return
    const data = this.family === 4 ? packet : packet.subarray(payloadAt)
    const place = (address: string): Place => ({ address, port: 0 })
    const isKept = this.take({ data, from: place(from), to: place(to), netId: leg.network.id })
    if (!isKept) leg.network.dropped('udp-queue')
  }
}
