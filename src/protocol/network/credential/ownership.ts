import type { SecretIdentity } from '../../crypto/identity.ts'
import { sign } from '../../crypto/signature.ts'
import type { Crypto } from '../../crypto/suite.ts'
import {
  branded,
  bytes,
  type Codec,
  counted,
  i64,
  struct,
  type TypeOf,
  u8,
  u16,
  u32,
  u40,
  u64,
} from '../../kernel/codec.ts'
import { type Address, type Mac, type NetworkId, writeU48 } from '../../kernel/id.ts'
import { framedBy, type IdentityOf, type Verification, verifyCredential } from './signature.ts'
import { signedCodec } from './signed.ts'

/**
 * Certificate of ownership (`docs/protocol/vl2.md` §5.4): the IPs and MACs that a member may use as its own.
 *
 *     nwid[8]   timestamp[8]   flags[8] = 0   id[4]   n[2]   n × (type[1] value[16])
 *     issued to[5]   signer[5]   signature field[99]   extra[2..]
 *
 * Values lie at the left of their 16 bytes: a MAC takes 6, IPv4 4, IPv6 16.
 */
const thing = struct({ type: u8, value: bytes(16) })
export type Thing = TypeOf<typeof thing>
export const thingType = { mac: 1, ipv4: 2, ipv6: 3 } as const
export const MAX_THINGS = 16

const fields = struct({
  network: branded<bigint, NetworkId>(u64),
  timestamp: i64,
  flags: u64,
  id: u32,
  things: counted(u16, thing, 'thing count', MAX_THINGS),
  issuedTo: branded<number, Address>(u40),
  signedBy: branded<number, Address>(u40),
})
export type OwnershipFields = TypeOf<typeof fields>
export type Ownership = OwnershipFields & { readonly signature: Uint8Array }
export const ownership: Codec<Ownership> = signedCodec(fields)

export const ownershipSignedBytes = (value: OwnershipFields): Uint8Array => framedBy(fields, value)

export const issueOwnership = (
  crypto: Crypto,
  controller: SecretIdentity,
  unsigned: Omit<OwnershipFields, 'signedBy' | 'flags'>,
): Ownership => {
  const value = { ...unsigned, flags: 0n, signedBy: controller.address }
  return { ...value, signature: sign(crypto, controller, ownershipSignedBytes(value)) }
}

export const verifyOwnership = (crypto: Crypto, identityOf: IdentityOf, value: Ownership): Verification =>
  verifyCredential(crypto, identityOf, value.network, value.signedBy, ownershipSignedBytes(value), value.signature)

/** The thing for an IP of 4 or 16 bytes. */
export const ipThing = (ip: Uint8Array): Thing => {
  const value = new Uint8Array(16)
  value.set(ip)
  return { type: ip.length === 4 ? thingType.ipv4 : thingType.ipv6, value }
}
export const ownsIp = ({ things }: Ownership, ip: Uint8Array): boolean =>
  things.some((one) => one.type === (ip.length === 4 ? thingType.ipv4 : thingType.ipv6) && startsWith(one.value, ip))
export const ownsMac = ({ things }: Ownership, mac: Mac): boolean => {
  const wanted = new Uint8Array(6)
  writeU48(wanted, 0, mac)
  return things.some((one) => one.type === thingType.mac && startsWith(one.value, wanted))
}

const startsWith = (value: Uint8Array, prefix: Uint8Array): boolean => prefix.every((byte, i) => byte === value[i])
