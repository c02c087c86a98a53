import { poly1305 } from '../../protocol/crypto/poly1305.ts'
import { salsa20, salsaState, seek } from '../../protocol/crypto/salsa20.ts'
import type { Crypto } from '../../protocol/crypto/suite.ts'
import { fastSession } from './crypto-fast-session.ts'
import { nodePrimitives } from './crypto-node.ts'
import { plainCrypto } from './crypto-plain.ts'
import { hasWasmSimd, type WasmCrypto, wasmCrypto } from './wasm/instance.ts'
import { layout, PACKET_ROOM } from './wasm/layout.ts'

/**
 * The provider for Node: Salsa20, Poly1305, GHASH and the identity hash in one WebAssembly SIMD module, AES, hashes and
 * curves in node:crypto. The module is compiled at first use. Throws where there is no WebAssembly SIMD: ask `bestCrypto`.
 */
export const fastCrypto: Crypto = {
  ...nodePrimitives,
  name: 'fast',
  salsa20: (key, nonce, rounds, data, counter = 0) => {
    // lanes count to 2^32 blocks; what lies beyond is legal, rare, and left to the plain core
    if (counter + data.length / 64 > 0xffff_ffff) salsa20(key, nonce, rounds, data, counter)
    else streamThrough(wasmCrypto(), key, nonce, rounds, data, counter)
  },
  poly1305: (key, data) => {
    if (data.length > PACKET_ROOM) return poly1305(key, data)
    const wasm = wasmCrypto()
    wasm.bytes.set(key, layout.keystream)
    wasm.bytes.set(data, layout.packets)
    wasm.poly1305(layout.packets, data.length)
    return wasm.bytes.slice(layout.tag, layout.tag + 16)
  },
  identityHash: (publicKey) => {
    const wasm = wasmCrypto()
    const seed = nodePrimitives.sha512(publicKey)
    wasm.bytes.set(seed, layout.digest)
    wasm.words.set(salsaState(seed.subarray(0, 32), seed.subarray(32, 40)), layout.state / 4)
    wasm.identityDigest()
    return wasm.bytes.slice(layout.digest, layout.digest + 64)
  },
  session: (key) => fastSession(wasmCrypto(), key),
}

/** `fastCrypto` where it runs and computes what it should, else plain TypeScript with node:crypto. */
export const bestCrypto = (): Crypto => {
  best ??= hasWasmSimd() && agreesWithPlain(fastCrypto) ? fastCrypto : { ...plainCrypto, ...nodePrimitives }
  return best
}

/** The one's complement sum of RFC 1071, not complemented. From about 300 bytes on faster than a loop in JavaScript. */
export const fastChecksum = (data: Uint8Array): number => {
  const wasm = wasmCrypto()
  let sum = 0
  for (let at = 0; at < data.length; at += PACKET_ROOM) {
    const part = data.subarray(at, at + PACKET_ROOM)
    wasm.bytes.set(part, layout.packets)
    sum += wasm.internetChecksum(layout.packets, part.length)
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return sum
}

const streamThrough = (
  wasm: WasmCrypto,
  key: Uint8Array,
  nonce: Uint8Array,
  rounds: number,
  data: Uint8Array,
  counter: number,
): void => {
  const state = salsaState(key, nonce)
  seek(state, counter)
  wasm.words.set(state, layout.state / 4)
  for (let at = 0; at < data.length; at += PACKET_ROOM) {
    const part = data.subarray(at, at + PACKET_ROOM)
    wasm.bytes.set(part, layout.packets)
    wasm.salsaStream(layout.packets, part.length, counter + at / 64, rounds)
    part.set(wasm.bytes.subarray(layout.packets, layout.packets + part.length))
  }
}

/** One packet of each suite: an engine that miscompiles SIMD, or an OpenSSL that changed its mind, is not trusted. */
const agreesWithPlain = (crypto: Crypto): boolean => {
  try {
    const key = Uint8Array.from({ length: 48 }, (_, i) => i)
    const public32 = crypto.ed25519PublicKey(key.subarray(0, 32))
    return (
      ([0, 1, 3] as const).every((suite) => {
        const packet = Uint8Array.from({ length: 800 }, (_, i) => (i === 18 ? 0 : i * 7))
        const sealed = packet.slice()
        crypto.session(key).seal(suite, [sealed])
        return plainCrypto.session(key).open([sealed])[0] === true && sealed.at(-1) === packet.at(-1)
      }) && crypto.ed25519Verify(public32, key, crypto.ed25519Sign(key.subarray(0, 32), public32, key))
    )
  } catch {
    return false
  }
}
let best: Crypto | undefined
