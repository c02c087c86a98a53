import { branded, type Codec, remaining, type TypeOf, u40 } from '../kernel/codec.ts'
import { E } from '../kernel/fp.ts'
import type { Address } from '../kernel/id.ts'

/**
 * WHOIS (0x04): asks for the identities of addresses. Answered with one OK if any is known (`okWhois`).
 *
 *     address[5]…      a trailing part of an address is ignored
 */
export const whois: Codec<readonly Address[]> = {
  read: (r) => {
    const addresses: Address[] = []
    do {
      const one = addressCodec.read(r)
      if (one._tag === 'Left') return one
      addresses.push(one.right)
    } while (remaining(r) >= 5)
    r.at = r.end
    return E.right(addresses)
  },
  write: (w, addresses) => {
    for (const one of addresses) u40.write(w, one)
  },
}
export type Whois = TypeOf<typeof whois>

const addressCodec: Codec<Address> = branded(u40)
