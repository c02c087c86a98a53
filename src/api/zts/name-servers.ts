import { printIp } from '../../protocol/kernel/ip.ts'
import { isRecord } from '../../streams/option.ts'
import { parseIp } from '../address.ts'
import { result } from './constant/result.ts'
import type { Instance } from './instance.ts'
import { printZtsIp, readSockaddr, type ZtsSockaddr } from './sockaddr.ts'
import type { ZtsIpAddr } from './utilities.ts'

/** Name servers of the instance, two at most; `zts_bsd_gethostbyname` asks them before those that controllers name. */
export const nameServerFunctions = (instance: Instance) => {
  const { nameServers } = instance
  return {
    /** `addr` is text, or what `zts_ipaddr_aton` gave; null removes it. */
    zts_dns_set_server: (index: number, addr: string | ZtsIpAddr | null): number => {
      const address = addr === null ? undefined : serverOf(addr)
      if (!isIndex(index) || (addr !== null && address === undefined)) return result.ZTS_ERR_ARG
      nameServers[index] = address
      return result.ZTS_ERR_OK
    },
    /** Null where there is none. */
    zts_dns_get_server: (index: number): string | null => {
      const address = isIndex(index) ? nameServers[index] : undefined
      return address === undefined ? null : printZtsIp(address)
    },
    /** Takes the first place that is free. */
    zts_add_dns_nameserver: (addr: ZtsSockaddr): number => {
      const address = readSockaddr(addr)?.address
      if (address === undefined) return result.ZTS_ERR_ARG
      if (nameServers.includes(address)) return result.ZTS_ERR_OK
      const free = nameServers.indexOf(undefined)
      if (free < 0) return result.ZTS_ERR_NO_RESULT
      nameServers[free] = address
      return result.ZTS_ERR_OK
    },
    zts_del_dns_nameserver: (addr: ZtsSockaddr): number => {
      const address = readSockaddr(addr)?.address
      if (address === undefined) return result.ZTS_ERR_ARG
      const index = nameServers.indexOf(address)
      if (index < 0) return result.ZTS_ERR_NO_RESULT
      nameServers[index] = undefined
      return result.ZTS_ERR_OK
    },
  }
}

const serverOf = (addr: unknown): string | undefined => {
  if (typeof addr === 'string') return parseIp(addr)
  const bytes = isRecord(addr) ? addr['addr'] : undefined
  return bytes instanceof Uint8Array && (bytes.length === 4 || bytes.length === 16) ? printIp(bytes) : undefined
}
const isIndex = (index: unknown): index is 0 | 1 => index === 0 || index === 1
