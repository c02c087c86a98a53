import { socket as S } from '../constant/socket.ts'
import type { Instance } from '../instance.ts'

/** `zts_hostent`, its addresses as text. */
export interface ZtsHostent {
  readonly h_name: string
  readonly h_aliases: readonly string[]
  readonly h_addrtype: number
  /** Bytes of an address. */
  readonly h_length: number
  readonly h_addr_list: readonly string[]
}

/**
 * The IPv4 addresses of a name: of the servers of `zts_dns_set_server`, asked by way of each network, then as the network
 * itself says. Null if nobody knows it.
 */
export const hostByName = async (instance: Instance, name: string): Promise<ZtsHostent | null> => {
  if (typeof name !== 'string') return null
  const servers = instance.nameServers.filter((server) => server !== undefined)
  const ways = servers.length === 0 ? [{}] : [{ servers }, {}]
  for (const way of ways)
    for (const network of instance.networks) {
      const found = await network.resolve(name, { family: 4, timeout: PATIENCE, ...way }).catch(() => [])
      if (found.length > 0)
        return { h_name: name, h_aliases: [], h_addrtype: S.ZTS_AF_INET, h_length: 4, h_addr_list: found }
    }
  return null
}

/** ms for each of them. */
const PATIENCE = 10_000
