import { type Identity, sameIdentity } from '../crypto/identity.ts'
import type { Endpoint } from '../datagram.ts'
import type { Address } from '../kernel/id.ts'
import type { World } from './world.ts'

/** A root of our planet or of a moon we orbit, other than ourselves. */
export interface Upstream {
  readonly identity: Identity
  readonly role: 'planet' | 'moon'
  /** Where it listens: it is believed nowhere else. Empty: anywhere. */
  readonly endpoints: readonly Endpoint[]
}

export interface Upstreams {
  readonly byAddress: ReadonlyMap<Address, Upstream>
  /** Whether we are a root ourselves, by our full identity. */
  readonly amOne: boolean
}

/** The roots of the planet, then those of each moon; a root of several has the endpoints of all. */
export const upstreamsOf = (self: Identity, planet: World, moons: ReadonlyMap<bigint, World>): Upstreams => {
  const byAddress = new Map<Address, Upstream>()
  let amOne = false
  for (const world of [planet, ...moons.values()])
    for (const { identity, endpoints } of world.roots) {
      if (sameIdentity(identity, self)) amOne = true
      if (identity.address === self.address) continue
      const known = byAddress.get(identity.address)
      byAddress.set(
        identity.address,
        known === undefined
          ? { identity, role: world.type, endpoints }
          : { ...known, endpoints: union(known.endpoints, endpoints) },
      )
    }
  return { byAddress, amOne }
}

const union = (a: readonly Endpoint[], b: readonly Endpoint[]): readonly Endpoint[] => [
  ...a,
  ...b.filter((one) => !a.some((other) => other.address === one.address && other.port === one.port)),
]
