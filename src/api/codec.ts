import * as t from 'io-ts'
import type { Endpoint as WireEndpoint } from '../protocol/datagram.ts'
import { canonicalIp, type IpAddress as IpText, parseIp } from '../protocol/kernel/ip.ts'
import { isRecord } from '../streams/option.ts'
import type { Mac as MacText } from '../streams/public-id.ts'
import { familyOf, type IpPrefix as Prefix } from '../streams/snapshot.ts'
import type { SocketAddress as Place } from './address.ts'

/** Lower-case hex, `aa:bb:cc:dd:ee:ff`; the codec of the same name decodes unknown input (io-ts), as those below do. */
export type Mac = MacText
/** RFC 5952 or a dotted quad: text, always in its one canonical form where it comes from here. */
export type IpAddress = IpText
export type IpPrefix = Prefix
export type SocketAddress = Place
/** A place on the physical network. */
export type Endpoint = WireEndpoint

const codec = <A>(name: string, read: (x: unknown) => A | undefined): t.Type<A, A, unknown> =>
  new t.Type<A, A, unknown>(
    name,
    (x): x is A => read(x) !== undefined,
    (x, context) => {
      const found = read(x)
      return found === undefined ? t.failure(x, context) : t.success(found)
    },
    (a) => a,
  )

export const Mac = codec<Mac>('Mac', (x) =>
  typeof x === 'string' && /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(x) ? (x.toLowerCase() as Mac) : undefined,
)
export const IpAddress = codec<IpAddress>('IpAddress', (x) => (typeof x === 'string' ? canonicalIp(x) : undefined))
export const IpPrefix = codec<IpPrefix>('IpPrefix', (x) => {
  const address = addressIn(x)
  if (address === undefined || !isRecord(x)) return undefined
  const { bits, family } = x
  const most = 8 * (parseIp(address)?.length ?? 0)
  const isOne = family === familyOf(address) && isWhole(bits, 0, most)
  return isOne ? { address, bits, family: familyOf(address) } : undefined
})
export const SocketAddress = codec<SocketAddress>('SocketAddress', (x) => {
  const address = addressIn(x)
  if (address === undefined || !isRecord(x)) return undefined
  const { port, family } = x
  const isOne = family === familyOf(address) && isWhole(port, 0, 65_535)
  return isOne ? { address, port, family: familyOf(address) } : undefined
})
export const Endpoint = codec<Endpoint>('Endpoint', (x) => {
  const address = addressIn(x)
  return address !== undefined && isRecord(x) && isWhole(x['port'], 1, 65_535)
    ? { address, port: x['port'] }
    : undefined
})

const addressIn = (x: unknown): IpAddress | undefined =>
  isRecord(x) && typeof x['address'] === 'string' ? canonicalIp(x['address']) : undefined
const isWhole = (x: unknown, least: number, most: number): x is number =>
  Number.isInteger(x) && (x as number) >= least && (x as number) <= most
