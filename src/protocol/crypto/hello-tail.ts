import type { Crypto } from './suite.ts'

/**
 * Encrypts or decrypts in place what follows the planet timestamp of a HELLO (`docs/protocol/vl1.md`, HELLO tail):
 * Salsa20/12 under the unmangled session key, the packet ID without its three lowest bits as nonce.
 *
 * The sender calls it before sealing, the receiver after the MAC was found good. `from` is an offset into `packet`.
 */
export const cryptHelloTail = (crypto: Crypto, key48: Uint8Array, packet: Uint8Array, from: number): void => {
  if (from >= packet.length) return
  const nonce = packet.slice(0, 8)
  nonce[7]! &= 0xf8
  crypto.salsa20(key48.subarray(0, 32), nonce, 12, packet.subarray(from))
}
