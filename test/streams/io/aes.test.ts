import { createCipheriv } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { wasmCrypto } from '../../../src/streams/io/wasm/instance.ts'
import { layout } from '../../../src/streams/io/wasm/layout.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const hex = (text: string): Uint8Array => Uint8Array.from(text.match(/../g)!, (pair) => Number.parseInt(pair, 16))
const DECIPHER = layout.cipherKeys + 256

describe('AES in the crypto module', () => {
  const wasm = wasmCrypto()
  const expand = (key: Uint8Array): void => {
    wasm.bytes.set(key, layout.key)
    wasm.aesKeys(layout.key, layout.cipherKeys)
  }
  const encrypt = (key: Uint8Array, data: Uint8Array): Uint8Array => {
    expand(key)
    wasm.bytes.set(data, layout.counters)
    wasm.aesEncrypt(layout.counters, data.length / 16, layout.cipherKeys)
    return wasm.bytes.slice(layout.counters, layout.counters + data.length)
  }

  it('is the example of FIPS 197 (appendix C.3)', () => {
    const key = Uint8Array.from({ length: 32 }, (_, i) => i)
    expect(encrypt(key, hex('00112233445566778899aabbccddeeff'))).toEqual(hex('8ea2b7ca516745bfeafc49904b496089'))
  })
  it('is what OpenSSL computes, for any key and any number of blocks', () => {
    fc.assert(
      fc.property(
        bytes(32),
        fc.integer({ min: 1, max: 9 }).chain((blocks) => bytes(16 * blocks)),
        (key, data) => {
          const openssl = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false)
          expect(encrypt(key, data)).toEqual(new Uint8Array(openssl.update(data)))
        },
      ),
    )
  })
  it('decrypts what it encrypted', () => {
    fc.assert(
      fc.property(bytes(32), bytes(48), (key, data) => {
        wasm.bytes.set(encrypt(key, data), layout.counters)
        wasm.aesDecrypt(layout.counters, 3, DECIPHER)
        expect(wasm.bytes.slice(layout.counters, layout.counters + 48)).toEqual(data)
      }),
    )
  })
})
