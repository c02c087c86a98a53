import { isIpv6, parseIp, printIp } from '../../../protocol/kernel/ip.ts'
import type { Place } from '../tunnel/host-listener.ts'

/*
 * SOCKS version 5 (RFC 1928) and its user/password negotiation (RFC 1929), as bytes.
 *
 *     greeting   version[1] = 5   count[1]   methods[count]                  answer   version[1]   method[1]
 *     password   version[1] = 1   length[1]   user   length[1]   password    answer   version[1]   status[1]
 *     request    version[1] = 5   command[1]   0[1]   type[1]   address   port[2]
 *     reply      version[1] = 5   reply[1]     0[1]   type[1]   address   port[2]
 *     datagram   0[2]   fragment[1]   type[1]   address   port[2]   data
 *
 *     address    type 1: IPv4[4]   type 3: length[1] name[length]   type 4: IPv6[16]
 */
export const VERSION = 5
export const PASSWORD_VERSION = 1
export const METHOD = { none: 0, password: 2, refused: 0xff } as const
export const COMMAND = { connect: 1, bind: 2, associate: 3 } as const
export const ADDRESS = { ipv4: 1, name: 3, ipv6: 4 } as const

export const REPLY = {
  succeeded: 0,
  failed: 1,
  notAllowed: 2,
  networkUnreachable: 3,
  hostUnreachable: 4,
  refused: 5,
  expired: 6,
  noSuchCommand: 7,
  noSuchAddress: 8,
} as const

/** What a client is told of an error of `connect`. */
export const replyTo = (code: string | undefined): number => {
  switch (code) {
    case 'ECONNREFUSED':
    case 'ECONNRESET':
      return REPLY.refused
    case 'ENETUNREACH':
    case 'ENETDOWN':
      return REPLY.networkUnreachable
    case 'EHOSTUNREACH':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return REPLY.hostUnreachable
    case 'ETIMEDOUT':
      return REPLY.expired
    default:
      return REPLY.failed
  }
}

/** A reply, and where the connection or the association is on our side. */
export const reply = (status: number, at: Place = NOWHERE): Uint8Array =>
  Uint8Array.from([VERSION, status, 0, ...placeBytes(at)])

/** Header of a datagram to the client: where it came from. */
export const datagramHeader = (from: Place): Uint8Array => Uint8Array.from([0, 0, 0, ...placeBytes(from)])

/** A datagram of a client, or `undefined` if it is none, or a piece of one: fragments need not be supported. */
export const readDatagram = (bytes: Uint8Array): { readonly to: Place; readonly data: Uint8Array } | undefined => {
  if (bytes.length < 5 || bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== 0) return undefined
  const length = addressLength(bytes[3]!, bytes[4]!)
  if (length === undefined) return undefined
  const end = 4 + length + 2
  if (bytes.length < end) return undefined
  const to = readPlace(bytes[3]!, bytes.subarray(4, end))
  return to === undefined ? undefined : { to, data: bytes.subarray(end) }
}

/** Bytes of an address of a type, of which `first` is the first; `undefined` for types that there are not. */
export const addressLength = (type: number, first: number): number | undefined =>
  type === ADDRESS.ipv4 ? 4 : type === ADDRESS.ipv6 ? 16 : type === ADDRESS.name ? 1 + first : undefined

/** Address and port, of bytes that are as long as they have to be; `undefined` for a name that is none. */
export const readPlace = (type: number, bytes: Uint8Array): Place | undefined => {
  const end = bytes.length - 2
  const port = (bytes[end]! << 8) | bytes[end + 1]!
  if (type !== ADDRESS.name) return { host: printIp(bytes.slice(0, end)), port }
  const host = new TextDecoder('latin1').decode(bytes.subarray(1, end))
  return NAME.test(host) ? { host, port } : undefined
}

const placeBytes = ({ host, port }: Place): readonly number[] => {
  const address = parseIp(host) ?? ANY
  return [isIpv6(host) ? ADDRESS.ipv6 : ADDRESS.ipv4, ...address, port >>> 8, port & 0xff]
}

const ANY = new Uint8Array(4)
const NOWHERE: Place = { host: '0.0.0.0', port: 0 }
/** What may stand in a name: printable, no spaces. */
const NAME = /^[\x21-\x7e\x80-\xff]+$/
