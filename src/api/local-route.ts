import { type IpAddress, printIp } from '../protocol/kernel/ip.ts'
import { anything, checkOptions, type OptionRules, refuse, whole } from '../streams/option.ts'
import { familyOf, type IpPrefix, type Route } from '../streams/snapshot.ts'
import { asIp } from './address.ts'
import { asPrefix } from './prefix.ts'

/** Where packets go that are for a prefix. */
export interface LocalRoute {
  /** `10.1.0.0/16` */
  readonly target: string
  /** An address on the segment that passes them on; without it the hosts of the prefix are on the segment themselves. */
  readonly via?: IpAddress
  /** The lower, the better, among routes to the same prefix; default 0. */
  readonly metric?: number
}

/** Prefix and address are checked where they are read. */
const routeRules: OptionRules<LocalRoute> = { target: anything, via: anything, metric: whole(0, 65_535) }

/** @throws {ArgumentError} `ERR_ZT_INVALID_OPTION`, `ERR_ZT_INVALID_ADDRESS` */
export const localRoute = (route: LocalRoute): Route => {
  checkOptions('addRoute()', route, routeRules)
  const target = targetOf(route.target)
  const via = route.via === undefined ? undefined : asIp('via', route.via)
  if (via !== undefined && familyOf(via) !== target.family)
    refuse('via', via, `use an address of the family of ${target.address}/${target.bits}`)
  return { target, ...(via === undefined ? {} : { via }), flags: 0, metric: route.metric ?? 0 }
}

export const targetOf = (text: string): IpPrefix => {
  const { address: bytes, bits } = asPrefix('target', text)
  const address = printIp(bytes)
  return { address, bits, family: familyOf(address) }
}
