import { equalBytes } from './equal.ts'
import { CTR_LABEL, GMAC_LABEL, kbkdf } from './kbkdf.ts'
import { type Aes, type SivKeys, sivDecrypt, sivEncrypt } from './siv.ts'
import type { CipherSuite, Crypto, Session } from './suite.ts'

/** What a portable session is made from. */
export type ArmorPrimitives = Pick<Crypto, 'salsa20' | 'poly1305' | 'hmacSha384'> & { readonly aes: Aes }

/**
 * A session in plain TypeScript over a provider's primitives (`docs/protocol/vl1.md`, cipher suites). The authenticated
 * region is everything from the verb byte (27) on; the hop count (low three bits of byte 18) is never covered.
 */
export const portableSession = (primitives: ArmorPrimitives, key48: Uint8Array): Session => {
  const key = key48.slice()
  let derived: SivKeys | undefined
  const sivKeys = (): SivKeys => {
    derived ??= {
      gmac: kbkdf(primitives, key, GMAC_LABEL).slice(0, 32),
      ctr: kbkdf(primitives, key, CTR_LABEL).slice(0, 32),
    }
    return derived
  }
  return {
    seal: (suite, packets) => {
      for (const packet of packets) {
        packet[18] = suiteFlags(packet[18]!, suite)
        if (suite === 3) sealSiv(primitives.aes, sivKeys(), packet)
        else sealSalsa(primitives, key, suite, packet)
      }
    },
    open: (packets) =>
      packets.map((packet) => {
        const suite = suiteOf(packet)
        if (suite === undefined) return false
        return suite === 3 ? openSiv(primitives.aes, sivKeys(), packet) : openSalsa(primitives, key, suite, packet)
      }),
  }
}

/** Byte 18 for a suite: fragmented flag kept, hops cleared, the legacy "encrypted" bit set for suite 1 alone. */
export const suiteFlags = (before: number, suite: CipherSuite): number =>
  (before & 0x40) | (suite << 3) | (suite === 1 ? 0x80 : 0)

/** The suite a received packet claims, or `undefined` if a session cannot open it (runt, trusted path, reserved). */
export const suiteOf = (packet: Uint8Array): CipherSuite | undefined => {
  if (packet.length < ARMORED + 1) return undefined
  const suite = (packet[18]! >>> 3) & 7
  return suite === 0 || suite === 1 || suite === 3 ? suite : undefined
}

/**
 * The Salsa20 key of one packet: the session key's first 32 bytes, the first 21 XORed with packet ID, addresses, byte 18
 * without hops, and the length of the whole packet (low byte first).
 */
export const mangledKey = (key: Uint8Array, packet: Uint8Array): Uint8Array => {
  const mangled = key.slice(0, 32)
  for (let i = 0; i < 18; i++) mangled[i]! ^= packet[i]!
  mangled[18]! ^= packet[18]! & 0xf8
  mangled[19]! ^= packet.length
  mangled[20]! ^= packet.length >>> 8
  return mangled
}

const sealSalsa = (p: ArmorPrimitives, key: Uint8Array, suite: 0 | 1, packet: Uint8Array): void => {
  const mangled = mangledKey(key, packet)
  const region = packet.subarray(ARMORED)
  // the second half of block 0 is thrown away: the payload's keystream begins at block 1
  if (suite === 1) p.salsa20(mangled, packet.subarray(0, 8), 12, region, 1)
  packet.set(p.poly1305(macKey(p, mangled, packet), region).subarray(0, 8), MAC)
}

const openSalsa = (p: ArmorPrimitives, key: Uint8Array, suite: 0 | 1, packet: Uint8Array): boolean => {
  const mangled = mangledKey(key, packet)
  const region = packet.subarray(ARMORED)
  const mac = p.poly1305(macKey(p, mangled, packet), region).subarray(0, 8)
  if (!equalBytes(mac, packet.subarray(MAC, ARMORED))) return false
  if (suite === 1) p.salsa20(mangled, packet.subarray(0, 8), 12, region, 1)
  return true
}

const macKey = (p: ArmorPrimitives, mangled: Uint8Array, packet: Uint8Array): Uint8Array => {
  const block = new Uint8Array(32)
  p.salsa20(mangled, packet.subarray(0, 8), 12, block)
  return block
}

/** Suite 3 moves the tag into packet ID and MAC: the ID that went in is an IV that nobody sees on the wire. */
const sealSiv = (aes: Aes, keys: SivKeys, packet: Uint8Array): void => {
  const tag = sivEncrypt(aes, keys, packet.slice(0, 8), addressing(packet), packet.subarray(ARMORED))
  packet.set(tag.subarray(0, 8), 0)
  packet.set(tag.subarray(8), MAC)
}

const openSiv = (aes: Aes, keys: SivKeys, packet: Uint8Array): boolean => {
  const tag = new Uint8Array(16)
  tag.set(packet.subarray(0, 8))
  tag.set(packet.subarray(MAC, ARMORED), 8)
  return sivDecrypt(aes, keys, tag, addressing(packet), packet.subarray(ARMORED))
}

/** Destination, source and byte 18 without hops. */
const addressing = (packet: Uint8Array): Uint8Array => {
  const aad = packet.slice(8, 19)
  aad[10]! &= 0xf8
  return aad
}

/** Where the MAC field and the authenticated region begin. */
const MAC = 19
const ARMORED = 27
