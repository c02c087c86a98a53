import { canonicalIp, type IpAddress } from '../../../protocol/kernel/ip.ts'
import { isRecord } from '../../../streams/option.ts'

/** What callers give as the value of an option; `undefined` if it is none of that kind. */

/** A C integer; booleans are 0 and 1. */
export const readInt = (value: unknown): number | undefined => {
  if (typeof value === 'boolean') return value ? 1 : 0
  return Number.isInteger(value) && Math.abs(value as number) <= 0xffff_ffff ? (value as number) : undefined
}

/** `zts_timeval`, in ms. */
export const readTime = (value: unknown): number | undefined => {
  if (!isRecord(value)) return undefined
  const seconds = readInt(value['tv_sec'] ?? 0)
  const micros = readInt(value['tv_usec'] ?? 0)
  if (seconds === undefined || micros === undefined || seconds < 0 || micros < 0 || micros > 999_999) return undefined
  return seconds * 1000 + micros / 1000
}
export const printTime = (ms: number): { readonly tv_sec: number; readonly tv_usec: number } => ({
  tv_sec: Math.floor(ms / 1000),
  tv_usec: Math.round((ms % 1000) * 1000),
})

/** `zts_linger`, in ms; `false` is off. */
export const readLinger = (value: unknown): number | false | undefined => {
  if (!isRecord(value)) return undefined
  const on = readInt(value['l_onoff'])
  const seconds = readInt(value['l_linger'] ?? 0)
  if (on === undefined || seconds === undefined || seconds < 0) return undefined
  return on === 0 ? false : Math.min(seconds * 1000, LONGEST_LINGER)
}
const LONGEST_LINGER = 3_600_000

/** `zts_ip_mreq`, `zts_ipv6_mreq`. */
export const readMembership = (
  value: unknown,
): { readonly group: IpAddress; readonly at: IpAddress | number | undefined } | undefined => {
  if (!isRecord(value)) return undefined
  const group = readIp(value['imr_multiaddr'] ?? value['ipv6mr_multiaddr'])
  const named = value['imr_interface'] ?? value['ipv6mr_interface']
  const at = named === undefined || typeof named === 'number' ? named : readIp(named)
  return group === undefined || (named !== undefined && at === undefined) ? undefined : { group, at }
}

export const readIp = (value: unknown): IpAddress | undefined =>
  typeof value === 'string' ? canonicalIp(value) : undefined
