import {
  branded,
  type Codec,
  remaining,
  rest,
  sized,
  struct,
  type TypeOf,
  u8,
  u16,
  u32,
  u48,
  u64,
} from '../kernel/codec.ts'
import { E } from '../kernel/fp.ts'
import type { Mac, NetworkId } from '../kernel/id.ts'

const networkCodec = branded<bigint, NetworkId>(u64)

/**
 * ERROR (0x02): a refusal of the packet named by verb and wire ID. It needs no request that we remember, so whoever
 * handles one decides whom to believe.
 *
 *     verb[1]   packet ID[8]   code[1]   what that code says…
 */
export const error = struct({ inReVerb: u8, inReId: u64, code: u8, detail: rest })
export type ErrorReply = TypeOf<typeof error>

export const errorCode = {
  none: 0x00,
  invalidRequest: 0x01,
  badProtocolVersion: 0x02,
  notFound: 0x03,
  identityCollision: 0x04,
  unsupported: 0x05,
  needCertificate: 0x06,
  accessDenied: 0x07,
  unwantedMulticast: 0x08,
  authenticationRequired: 0x09,
} as const

/** Detail of 0x03, 0x05, 0x06 and 0x07: the network it is about. */
export const errorNetwork = struct({ network: networkCodec })

/** Detail of 0x08: the group that the sender of the error is not in. */
export const errorUnwantedMulticast = struct({ network: networkCodec, mac: branded<number, Mac>(u48), adi: u32 })

export interface AuthenticationRequired {
  readonly network: NetworkId
  /** Where and how to log in, as a dictionary. */
  readonly dictionary: Uint8Array | undefined
}
/** Detail of 0x09: network[8], then perhaps length[2] dictionary[length]. */
export const errorAuthenticationRequired: Codec<AuthenticationRequired> = {
  read: (r) => {
    const network = networkCodec.read(r)
    if (network._tag === 'Left') return network
    if (remaining(r) < 2) return E.right({ network: network.right, dictionary: undefined })
    const dictionary = sized(u16, 'dictionary length').read(r)
    return dictionary._tag === 'Left' ? dictionary : E.right({ network: network.right, dictionary: dictionary.right })
  },
  write: (w, { network, dictionary }) => {
    networkCodec.write(w, network)
    if (dictionary !== undefined) sized(u16, 'dictionary length').write(w, dictionary)
  },
}
