import { readU16, writeU16, writeU32 } from '../protocol/kernel/codec.ts'
import type { SocketErrorCode } from './stack-io.ts'

/**
 * ICMP of both families: same shape, other numbers (RFC 792, RFC 4443).
 *
 *     type[1]   code[1]   checksum[2]   rest[4]   data[…]
 *
 * `rest` is identifier and sequence of an echo, MTU or pointer of an error; the data of an error is the packet it is about.
 */
export const ICMP_HEADER = 8

export const ECHO_REPLY_V4 = 0
export const UNREACHABLE_V4 = 3
export const ECHO_V4 = 8
export const TIME_EXCEEDED_V4 = 11
export const PARAMETER_PROBLEM_V4 = 12
/** Codes of unreachable. */
export const PROTOCOL_UNREACHABLE_V4 = 2
export const PORT_UNREACHABLE_V4 = 3
export const FRAGMENTATION_NEEDED_V4 = 4

export const UNREACHABLE_V6 = 1
export const PACKET_TOO_BIG_V6 = 2
export const TIME_EXCEEDED_V6 = 3
export const PARAMETER_PROBLEM_V6 = 4
export const ECHO_V6 = 128
export const ECHO_REPLY_V6 = 129
export const PORT_UNREACHABLE_V6 = 4
/** Code of time exceeded, in both families: a datagram was not put together in time. */
export const REASSEMBLY_TIME = 1

/** Errors must not answer errors; an IPv4 error is one of these, an IPv6 error has a type below 128. */
export const isErrorV4 = (type: number): boolean =>
  type === UNREACHABLE_V4 || type === 4 || type === 5 || type === TIME_EXCEEDED_V4 || type === PARAMETER_PROBLEM_V4
export const isErrorV6 = (type: number): boolean => type < 128

/** The first eight bytes, the checksum still zero. */
export const writeIcmp = (b: Uint8Array, type: number, code: number, rest: number): void => {
  b[0] = type
  b[1] = code
  writeU16(b, 2, 0)
  writeU32(b, 4, rest)
}

/** What an error report means to a socket. Soft ones may pass by themselves; hard ones end an attempt to connect. */
export interface IcmpReport {
  readonly code: SocketErrorCode
  readonly hard: boolean
  /** The packet was too big; the size that fits (0: the router did not say). */
  readonly mtu?: number
}

/** `undefined`: a report that nobody needs (redirect, source quench). RFC 1122 §4.2.3.9, RFC 5927. */
export const reportV4 = (message: Uint8Array): IcmpReport | undefined => {
  const code = message[1]!
  switch (message[0]) {
    case UNREACHABLE_V4:
      if (code === FRAGMENTATION_NEEDED_V4) return { code: 'EMSGSIZE', hard: false, mtu: readU16(message, 6) }
      if (code === PROTOCOL_UNREACHABLE_V4 || code === PORT_UNREACHABLE_V4) return refused
      if (code === 9 || code === 10 || code === 13) return forbidden
      return code === 0 || code === 11 ? noNetwork : noHost
    case TIME_EXCEEDED_V4:
    case PARAMETER_PROBLEM_V4:
      return noHost
    default:
      return undefined
  }
}
export const reportV6 = (message: Uint8Array): IcmpReport | undefined => {
  const code = message[1]!
  switch (message[0]) {
    case UNREACHABLE_V6:
      if (code === PORT_UNREACHABLE_V6) return refused
      if (code === 1 || code === 5 || code === 6) return forbidden
      return code === 0 ? noNetwork : noHost
    case PACKET_TOO_BIG_V6:
      // the upper half says more than any packet can hold
      return { code: 'EMSGSIZE', hard: false, mtu: readU16(message, 4) === 0 ? readU16(message, 6) : 0xffff }
    case TIME_EXCEEDED_V6:
      return noHost
    case PARAMETER_PROBLEM_V6:
      return code === 1 ? refused : noHost
    default:
      return undefined
  }
}
const refused: IcmpReport = { code: 'ECONNREFUSED', hard: true }
const forbidden: IcmpReport = { code: 'EHOSTUNREACH', hard: true }
const noNetwork: IcmpReport = { code: 'ENETUNREACH', hard: false }
export const noHost: IcmpReport = { code: 'EHOSTUNREACH', hard: false }
