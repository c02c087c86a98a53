import { canonicalIp, type IpAddress, isIpv6 } from '../../protocol/kernel/ip.ts'
import { isRecord } from '../../streams/option.ts'
import { socket } from './constant/socket.ts'

/** Every `zts_sockaddr` of the headers: `addr` is text in the form that the native library prints. */
export interface ZtsSockaddr {
  /** `ZTS_AF_INET` or `ZTS_AF_INET6`; left out by callers, `addr` tells it. */
  readonly family: number
  readonly addr: string
  /** In host order. Of an address of ours, the length of its prefix. */
  readonly port: number
}

export const sockaddr = (address: IpAddress, port: number): ZtsSockaddr => ({
  family: familyNumber(address),
  addr: printZtsIp(address),
  port,
})

export const familyNumber = (address: IpAddress): number => (isIpv6(address) ? socket.ZTS_AF_INET6 : socket.ZTS_AF_INET)

/** IPv6 in capitals, shortened like ours. */
export const printZtsIp = (address: IpAddress): string => address.toUpperCase()

/** What a caller said as an address, in canonical form; `undefined` if it is none, or of another family than it says. */
export const readSockaddr = (given: unknown): { readonly address: IpAddress; readonly port: number } | undefined => {
  if (!isRecord(given)) return undefined
  const { family, addr, port = 0 } = given
  const address = typeof addr === 'string' ? canonicalIp(addr) : undefined
  if (address === undefined || (family !== undefined && family !== familyNumber(address))) return undefined
  return isPort(port) ? { address, port } : undefined
}

export const isPort = (x: unknown): x is number => Number.isInteger(x) && (x as number) >= 0 && (x as number) <= 65_535
