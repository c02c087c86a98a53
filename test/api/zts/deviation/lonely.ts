import { createPlanet, createSigningKey } from 'rxzt/controller'
import { fixtures } from 'rxzt/testing'
import type { Zts } from 'rxzt/zts'

/** A planet whose root is nowhere: who uses it is never online. */
export const nobody = createPlanet({
  id: 7n,
  timestamp: 1n,
  roots: [
    {
      identity: fixtures.identities[0]!.split(':').slice(0, 3).join(':'),
      endpoints: [{ address: '192.0.2.1', port: 9993 }],
    },
  ],
  signingKey: createSigningKey(),
})

/** A network that nobody has to be asked for. */
export const adhoc = (zts: Zts): bigint => zts.zts_net_compute_adhoc_id(80, 80)

/** Starts, and joins it. */
export const lonely = async (zts: Zts, until: <T>(promise: Promise<T>) => Promise<T>): Promise<Zts> => {
  await until(zts.zts_node_start())
  zts.zts_net_join(adhoc(zts))
  return zts
}
