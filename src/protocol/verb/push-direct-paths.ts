import type { Endpoint } from '../datagram.ts'
import { type Codec, counted, mapped, sized, struct, type TypeOf, u8, u16, writeU16 } from '../kernel/codec.ts'
import { E } from '../kernel/fp.ts'
import { parseIp } from '../kernel/ip.ts'
import { endpointAt } from '../peer/endpoint.ts'

/** A place where the sender can perhaps be reached. */
export interface DirectPath {
  readonly flags: number
  /** Meant for later protocols, ignored. */
  readonly extension: Uint8Array
  /** `null` for an address of a kind we do not know. */
  readonly endpoint: Endpoint | null
}
export const pathFlag = { forget: 0x01, clusterRedirect: 0x02 } as const

const record = struct({
  flags: u8,
  extension: sized(u16, 'extension length'),
  type: u8,
  address: sized(u8, 'address length'),
})
const directPath: Codec<DirectPath> = mapped(
  record,
  ({ flags, extension, type, address }) => {
    const known = (type === 4 && address.length === 6) || (type === 6 && address.length === 18)
    return E.right({ flags, extension, endpoint: known ? endpointAt(address, 0, address.length - 2) : null })
  },
  ({ flags, extension, endpoint }) => {
    const ip = endpoint === null ? undefined : parseIp(endpoint.address)
    if (endpoint === null || ip === undefined) return { flags, extension, type: 0, address: new Uint8Array(0) }
    const address = new Uint8Array(ip.length + 2)
    address.set(ip)
    writeU16(address, ip.length, endpoint.port)
    return { flags, extension, type: ip.length === 4 ? 4 : 6, address }
  },
)

/** More records than a packet can hold. */
const MOST = 2048
/**
 * PUSH_DIRECT_PATHS (0x10): where else I may be reached. Never answered; the receiver probes what it can use.
 *
 *     n[2]   then n times: flags[1]   length[2] extension[length]   type[1] = 4 | 6   length[1] = 6 | 18   ip   port[2]
 *
 * Unlike everywhere else the address length counts the port.
 */
export const pushDirectPaths = struct({ paths: counted(u16, directPath, 'number of paths', MOST) })
export type PushDirectPaths = TypeOf<typeof pushDirectPaths>
