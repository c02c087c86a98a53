import { canonicalIp, type IpAddress } from '../protocol/kernel/ip.ts'
import { ArgumentError } from '../streams/error.ts'
import { shown } from '../streams/option.ts'
import { familyOf } from '../streams/snapshot.ts'

/** One end of a connection on a virtual network. */
export interface SocketAddress {
  readonly address: IpAddress
  readonly port: number
  readonly family: 4 | 6
}

export const socketAddress = ({
  address,
  port,
}: {
  readonly address: IpAddress
  readonly port: number
}): SocketAddress => ({
  address,
  port,
  family: familyOf(address),
})

/** The canonical form (RFC 5952, dotted quad) of an address, or `undefined` if `text` is none. */
export const parseIp = (text: string): IpAddress | undefined =>
  typeof text === 'string' ? canonicalIp(text) : undefined

export const asIp = (name: string, text: string): IpAddress => {
  const found = typeof text === 'string' ? canonicalIp(text) : undefined
  if (found === undefined)
    throw new ArgumentError(
      'ERR_ZT_INVALID_ADDRESS',
      `${name} ${shown(name, text)} is no IP address — write it like 10.147.17.5 or fd00::1`,
    )
  return found
}

/** `least` is 0 where the system may choose. */
export const asPort = (name: string, port: number, least: 0 | 1): number => {
  if (!Number.isInteger(port) || port < least || port > 65_535)
    throw new ArgumentError('ERR_ZT_INVALID_OPTION', `${name} ${shown(name, port)} is no port — use ${least} to 65535`)
  return port
}
