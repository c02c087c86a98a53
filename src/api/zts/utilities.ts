import { parseIp as bytesOf, printIp } from '../../protocol/kernel/ip.ts'
import { isRecord } from '../../streams/option.ts'
import { parseIp } from '../address.ts'
import { result } from './constant/result.ts'
import { socket } from './constant/socket.ts'
import { errno } from './errno.ts'
import type { Instance } from './instance.ts'
import { familyNumber, isPort, printZtsIp, readSockaddr, sockaddr, type ZtsSockaddr } from './sockaddr.ts'
import { noAddr } from './structures.ts'

/** `zts_ip_addr`: an address of either family, in network order. */
export interface ZtsIpAddr {
  /** 0 for IPv4, 6 for IPv6. */
  readonly type: number
  readonly addr: Uint8Array
}

/** Texts, bytes and byte orders of addresses; and time. They need no node. */
export const utilityFunctions = (instance: Instance) => ({
  /** Waits by the clock of the instance. */
  zts_util_delay: (milliseconds: number): Promise<void> => delay(instance, milliseconds),
  zts_util_get_ip_family: (ipstr: string): number => {
    if (typeof ipstr !== 'string') return result.ZTS_ERR_ARG
    const address = parseIp(ipstr)
    return address === undefined ? -1 : familyNumber(address)
  },
  zts_util_ipstr_to_saddr: (ipstr: string, port: number): { readonly err: number; readonly addr: ZtsSockaddr } => {
    const address = parseIp(ipstr)
    return address === undefined || !isPort(port)
      ? { err: result.ZTS_ERR_ARG, addr: noAddr }
      : { err: result.ZTS_ERR_OK, addr: sockaddr(address, port) }
  },
  zts_util_ntop: (addr: ZtsSockaddr): { readonly err: number; readonly str: string; readonly port: number } => {
    const found = readSockaddr(addr)
    return found === undefined
      ? { err: result.ZTS_ERR_ARG, str: '', port: 0 }
      : { err: result.ZTS_ERR_OK, str: printZtsIp(found.address), port: found.port }
  },
  /** The text of 4 or 16 bytes; null with `errno` if they are no address of that family. */
  zts_inet_ntop: (family: number, src: Uint8Array): string | null => {
    const length = lengthOf(family)
    if (length === undefined) instance.fail(errno.ZTS_EAFNOSUPPORT)
    else if (!(src instanceof Uint8Array) || src.length !== length) instance.fail(errno.ZTS_EINVAL)
    else return printZtsIp(printIp(src))
    return null
  },
  /** 1 and the bytes, in `dst`; 0 if it is no address of that family, -1 with `errno` if there is no such family. */
  zts_inet_pton: (family: number, src: string, dst: Uint8Array): number => {
    const length = lengthOf(family)
    if (length === undefined) return instance.fail(errno.ZTS_EAFNOSUPPORT)
    if (!(dst instanceof Uint8Array) || dst.length < length) return instance.fail(errno.ZTS_EFAULT)
    const bytes = typeof src === 'string' ? bytesOf(src) : undefined
    if (bytes?.length !== length) return 0
    dst.set(bytes)
    return 1
  },
  /** The text; null for what is no address. */
  zts_ipaddr_ntoa: (addr: ZtsIpAddr): string | null => {
    if (!isRecord(addr)) return null
    const { addr: bytes, type } = addr
    const isRight = bytes instanceof Uint8Array && bytes.length === (type === IPV6 ? 16 : 4)
    return isRight ? printZtsIp(printIp(bytes)) : null
  },
  /** 1 and the address, or 0. */
  zts_ipaddr_aton: (cp: string): { readonly err: number; readonly addr: ZtsIpAddr } => {
    const bytes = typeof cp === 'string' ? bytesOf(cp) : undefined
    return bytes === undefined
      ? { err: 0, addr: { type: IPV4, addr: new Uint8Array(4) } }
      : { err: 1, addr: { type: bytes.length === 16 ? IPV6 : IPV4, addr: bytes } }
  },
  zts_htons: (n: number): number => swap16(numberOf(n)),
  zts_ntohs: (n: number): number => swap16(numberOf(n)),
  zts_htonl: (n: number): number => swap32(numberOf(n)),
  zts_ntohl: (n: number): number => swap32(numberOf(n)),
  /** 32 bits in network order, as C has them in memory; `ZTS_INADDR_NONE` for what is no IPv4 address. */
  zts_inet_addr: (cp: string): number => {
    const bytes = typeof cp === 'string' ? bytesOf(cp) : undefined
    return bytes?.length === 4
      ? new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
      : socket.ZTS_INADDR_NONE
  },
})

export const delay = ({ clock }: Instance, milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    clock.schedule(() => resolve(), Math.max(0, numberOf(milliseconds)))
  })

const numberOf = (x: unknown): number => (Number.isFinite(x) ? (x as number) : 0)

/** The hosts of the C library are little-endian. */
const swap16 = (n: number): number => ((n & 0xff) << 8) | ((n >>> 8) & 0xff)
const swap32 = (n: number): number => ((swap16(n & 0xffff) << 16) | swap16(n >>> 16)) >>> 0

const lengthOf = (family: unknown): 4 | 16 | undefined =>
  family === socket.ZTS_AF_INET ? 4 : family === socket.ZTS_AF_INET6 ? 16 : undefined

const [IPV4, IPV6] = [0, 6]
