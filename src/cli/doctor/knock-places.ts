import type { Endpoint } from '../../protocol/datagram.ts'
import type { Knocked } from './evidence.ts'
import { printEndpoint } from './print-endpoint.ts'
import type { Probes } from './probes.ts'

/** What becomes of UDP to the roots, and to others that are known to answer. */
export const knockPlaces = async (
  probes: Pick<Probes, 'knock' | 'elsewhere'>,
  roots: readonly Endpoint[],
): Promise<readonly Knocked[]> => {
  const replies = roots.map(
    async (place): Promise<Knocked> => ({ at: 'root', place: printEndpoint(place), reply: await probes.knock(place) }),
  )
  return [...(await Promise.all(replies)), ...(await probes.elsewhere())]
}
