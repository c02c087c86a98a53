import { branded, type Codec, decode, rest, struct, type TypeOf, u16, u32, u48, u64 } from '../kernel/codec.ts'
import { E } from '../kernel/fp.ts'
import type { Mac, NetworkId } from '../kernel/id.ts'
import { type Dictionary, parseDictionary, text, unsigned } from '../network/dictionary.ts'

/**
 * What VL2 says in the data of an ERROR (`docs/protocol/vl2.md` §4.1), after verb, packet ID and code:
 *
 *     nwid[8]                                   codes 03, 05, 06, 07
 *     nwid[8]   mac[6]   adi[4]                 code 08
 *     nwid[8]   [length[2]   dictionary[..]]    code 09
 */
export const networkError = struct({ network: branded<bigint, NetworkId>(u64) })
export const unwantedMulticast = struct({
  network: branded<bigint, NetworkId>(u64),
  mac: branded<number, Mac>(u48),
  adi: u32,
})
export type UnwantedMulticast = TypeOf<typeof unwantedMulticast>

export interface AuthenticationRequired {
  readonly network: NetworkId
  /** `undefined`: nothing was said about how to authenticate. */
  readonly info: Uint8Array | undefined
}
export const authenticationRequired: Codec<AuthenticationRequired> = {
  read: (r) => {
    const head = networkError.read(r)
    if (head._tag === 'Left') return head
    const { network } = head.right
    const left = r.end - r.at
    const length = left > 2 ? decode(u16, r.bytes.subarray(r.at, r.end)) : E.right(0)
    const size = length._tag === 'Right' ? length.right : 0
    const info = left > 2 && left - 2 >= size ? r.bytes.subarray(r.at + 2, r.at + 2 + size) : undefined
    r.at = r.end
    return E.right({ network, info })
  },
  write: (w, value) => {
    networkError.write(w, value)
    if (value.info === undefined) return
    u16.write(w, value.info.length)
    rest.write(w, value.info)
  },
}

/** How a member is to authenticate (§7.6): a URL to show, or an OpenID Connect flow. */
export type AuthenticationInfo =
  | { readonly version: 0; readonly url: string }
  | {
      readonly version: 1
      readonly issuerUrl: string
      readonly centralUrl: string
      readonly nonce: string
      readonly state: string
      readonly clientId: string
      readonly provider: string
    }
/** `undefined` where there is nothing to go by: version 0 without a URL, or an unknown version. */
export const authenticationInfo = (info: Uint8Array): AuthenticationInfo | undefined => {
  const d: Dictionary = parseDictionary(info)
  const version = unsigned(d, 'aV')
  if (version === 0n) {
    const url = text(d, 'aU', 2047)
    return url === '' ? undefined : { version: 0, url }
  }
  if (version !== 1n) return undefined
  return {
    version: 1,
    issuerUrl: text(d, 'iU', 2047),
    centralUrl: text(d, 'aCU', 2047),
    nonce: text(d, 'aN', 63),
    state: text(d, 'aS', 127),
    clientId: text(d, 'aCID', 255),
    provider: text(d, 'aSSOp', 63, 'default'),
  }
}
