import { parseIp } from '../protocol/kernel/ip.ts'
import type { Prefix } from '../protocol/peer/endpoint.ts'
import { ArgumentError } from '../streams/error.ts'
import { shown } from '../streams/option.ts'

/** @throws {ArgumentError} `ERR_ZT_INVALID_OPTION` */
export const asPrefix = (name: string, text: string): Prefix => {
  const [ip = '', bits = '', ...more] = typeof text === 'string' ? text.split('/') : []
  const address = parseIp(ip)
  if (address === undefined || !/^\d{1,3}$/.test(bits) || Number(bits) > 8 * address.length || more.length > 0)
    throw new ArgumentError(
      'ERR_ZT_INVALID_OPTION',
      `${name} ${shown(name, text)} is no prefix — write it like 10.1.0.0/16`,
    )
  return { address, bits: Number(bits) }
}
