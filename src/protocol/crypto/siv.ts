import { equalBytes } from './equal.ts'

/** AES-256 as AES-GMAC-SIV needs it: what a provider of `portableSession` lends. Arrays are new unless said otherwise. */
export interface Aes {
  readonly encryptBlock: (key: Uint8Array, block: Uint8Array) => Uint8Array
  readonly decryptBlock: (key: Uint8Array, block: Uint8Array) => Uint8Array
  /** Counter mode, in place, from this 16-byte block on. */
  readonly ctr: (key: Uint8Array, counter: Uint8Array, data: Uint8Array) => void
  /** The tag of AES-256-GCM over `aad` and no plaintext. */
  readonly gmac: (key: Uint8Array, nonce12: Uint8Array, aad: Uint8Array) => Uint8Array
}

/** The two AES keys of a session: K0 for the GMAC, K1 for counter mode and tag block. */
export interface SivKeys {
  readonly gmac: Uint8Array
  readonly ctr: Uint8Array
}

/**
 * AES-GMAC-SIV (`docs/protocol/vl1.md`): encrypts `text` in place and returns the 16-byte opaque tag, which hides the
 * 8-byte IV and the folded GMAC.
 */
export const sivEncrypt = (aes: Aes, keys: SivKeys, iv: Uint8Array, aad: Uint8Array, text: Uint8Array): Uint8Array => {
  const inner = new Uint8Array(16)
  inner.set(iv)
  inner.set(foldedGmac(aes, keys.gmac, iv, aad, text), 8)
  const tag = aes.encryptBlock(keys.ctr, inner)
  aes.ctr(keys.ctr, counterOf(tag), text)
  return tag
}

/** Decrypts `text` in place; whether the tag is genuine. */
export const sivDecrypt = (aes: Aes, keys: SivKeys, tag: Uint8Array, aad: Uint8Array, text: Uint8Array): boolean => {
  aes.ctr(keys.ctr, counterOf(tag), text)
  const inner = aes.decryptBlock(keys.ctr, tag)
  return equalBytes(foldedGmac(aes, keys.gmac, inner.subarray(0, 8), aad, text), inner.subarray(8))
}

/** GMAC over the AAD, zero-padded to whole blocks, and the text; its two halves XORed. */
export const foldedGmac = (
  aes: Pick<Aes, 'gmac'>,
  key: Uint8Array,
  iv: Uint8Array,
  aad: Uint8Array,
  text: Uint8Array,
): Uint8Array => {
  const nonce = new Uint8Array(12)
  nonce.set(iv)
  const padded = (aad.length + 15) & ~15
  const data = new Uint8Array(padded + text.length)
  data.set(aad)
  data.set(text, padded)
  const tag = aes.gmac(key, nonce, data)
  for (let i = 0; i < 8; i++) tag[i]! ^= tag[i + 8]!
  return tag.subarray(0, 8)
}

/** The first counter block: the tag, bit 7 of byte 12 cleared so that 32- and 128-bit counters agree. */
export const counterOf = (tag: Uint8Array): Uint8Array => {
  const counter = tag.slice()
  counter[12]! &= 0x7f
  return counter
}
