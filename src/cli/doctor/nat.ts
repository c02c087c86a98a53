import { isIpv6 } from '../../protocol/kernel/ip.ts'
import type { NodeEvidence } from './evidence.ts'
import { printEndpoint } from './print-endpoint.ts'

/** `none`: seen as it is bound; `independent`: one port for all (RFC 4787), or only one was asked; `dependent`: symmetric. */
export type NatKind = 'none' | 'independent' | 'dependent' | 'unknown'

/** What stands between the node and those who see it, for IPv4. */
export const natOf = ({ endpoints, surfaces }: Pick<NodeEvidence, 'endpoints' | 'surfaces'>): NatKind => {
  const seen = surfaces.filter(({ address }) => !isIpv6(address))
  if (seen.length === 0) return 'unknown'
  const bound = endpoints.filter(({ address }) => !isIpv6(address))
  const own = new Set(bound.map(printEndpoint))
  if (seen.every((surface) => own.has(printEndpoint(surface)))) return 'none'
  return seen.length > bound.length ? 'dependent' : 'independent'
}
