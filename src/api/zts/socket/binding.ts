import type { NetworkCore } from '../../../streams/network-core.ts'
import { errno as E } from '../errno.ts'
import type { BoundPorts, Claim } from './bound-ports.ts'
import type { Ground } from './ground.ts'
import type { SysResult } from './perform.ts'
import { anywhere, type Family, isAnywhere, type Place } from './place.ts'

/** An address and port that a descriptor has for its own. */
export interface Bound {
  readonly claim: Claim
  /** The one it is confined to: that of the address, or of `SO_BINDTODEVICE`. */
  readonly network: NetworkCore | undefined
  readonly local: Place
}

interface BindOptions {
  readonly device: NetworkCore | undefined
  readonly reuseAddress: boolean
  /** Of datagrams: groups and broadcast addresses can be bound to, as filters. */
  readonly isFilter?: ((address: string) => boolean) | undefined
}

/** Claims a place; port 0 is any that is free. */
export const bindTo = (
  { networks, random }: Ground,
  ports: BoundPorts,
  { family, v6Only }: Family,
  { address, port }: Place,
  { device, reuseAddress, isFilter }: BindOptions,
): Bound | SysResult => {
  const isOpen = isAnywhere(address)
  const filters = !isOpen && isFilter?.(address) === true
  const owner = isOpen || filters ? undefined : networks.ownerOf(address)
  if (!isOpen && !filters && (owner === undefined || (device !== undefined && device !== owner)))
    return -E.ZTS_EADDRNOTAVAIL
  const network = owner ?? device
  const claimOf = (candidate: number): Claim => ({
    port: candidate,
    address: isOpen ? undefined : address,
    families: isOpen ? (family === 4 ? 4 : v6Only ? 6 : 'both') : address.includes(':') ? 6 : 4,
    device: network,
    shared: reuseAddress,
    listening: false,
  })
  for (const candidate of port === 0 ? ports.ephemeral(random) : [port]) {
    const claim = claimOf(candidate)
    if (!ports.isFree(claim)) return -E.ZTS_EADDRINUSE
    ports.add(claim)
    return { claim, network, local: { address: isOpen ? anywhere(family) : address, port: candidate } }
  }
  return -E.ZTS_EADDRNOTAVAIL
}
