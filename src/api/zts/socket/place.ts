import type { IpAddress } from '../../../protocol/kernel/ip.ts'
import { socket } from '../constant/socket.ts'
import { errno as E } from '../errno.ts'
import { readSockaddr, sockaddr, type ZtsSockaddr } from '../sockaddr.ts'
import type { SysResult } from './perform.ts'

/** An address and a port as the stack has them: what an IPv6 socket calls `::ffff:10.1.2.3` is 10.1.2.3 there. */
export interface Place {
  readonly address: IpAddress
  readonly port: number
}

/** The family of a socket, and whether it is closed to IPv4. */
export interface Family {
  readonly family: 4 | 6
  readonly v6Only: boolean
}

/** What a socket means by an address of a caller, whose shape was checked; an errno if it cannot mean it. */
export const placeFor = ({ family, v6Only }: Family, { address, port }: Place): Place | SysResult => {
  const isV6 = address.includes(':')
  if (isV6 !== (family === 6)) return -E.ZTS_EAFNOSUPPORT
  if (!address.startsWith(MAPPED)) return { address, port }
  return v6Only ? -E.ZTS_ENETUNREACH : { address: address.slice(MAPPED.length), port }
}

/** How a socket of `family` says a place. */
export const sockaddrOf = (family: 4 | 6, { address, port }: Place): ZtsSockaddr =>
  sockaddr(family === 6 && !address.includes(':') ? `${MAPPED}${address}` : address, port)

export const anywhere = (family: 4 | 6): IpAddress => (family === 6 ? '::' : '0.0.0.0')
export const isAnywhere = (address: IpAddress): boolean => address === '::' || address === '0.0.0.0'

/** As `readSockaddr`, which knows no address of no family. */
export const readPlace = (given: unknown): Place | undefined => readSockaddr(given)

/** `{ family: ZTS_AF_UNSPEC }`, which ends the connection of a datagram socket. */
export const isUnspecified = (given: unknown): boolean =>
  typeof given === 'object' && given !== null && 'family' in given && given.family === socket.ZTS_AF_UNSPEC

const MAPPED = '::ffff:'
