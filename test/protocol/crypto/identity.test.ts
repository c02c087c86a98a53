import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addressIn,
  fingerprint,
  generateIdentity,
  type Identity,
  identityCodec,
  isLocallyValid,
  nextSecret,
  PUBLIC_FORM,
  parseIdentity,
  printIdentity,
  printSecret,
  publicKeyOf,
  sameIdentity,
  tryIdentity,
} from '../../../src/protocol/crypto/identity.ts'
import { decode, encode } from '../../../src/protocol/kernel/codec.ts'
import { E } from '../../../src/protocol/kernel/fp.ts'
import { address } from '../../../src/protocol/kernel/id.ts'
import { seededRandom } from '../../../src/protocol/kernel/rng.ts'
import { fastCrypto } from '../../../src/streams/io/crypto-fast.ts'
import { hex, unhex } from '../../support/checker.ts'
import { providers } from './providers.ts'

const PUBLIC =
  'ac3d46abe0c21f3cfe7a6c8d6a85cfcffcb82fbd55af6a4d6350657c68200843fa2e16f9418bbd9702cae365f2af5fb4c420908b803a681d4daef6114d78a2d7'
const SECRET =
  'bd8dd6e4ce7022d2f812797a80c6ee8ad180dc4ebf301dec8b06d1be08832bddd63a2f1cfa7b2c504474c75bdc8898ba476ef92e8e2d0509f8441985171ff16e'
const known: Identity = { address: address(0x8e4df28b72), publicKey: unhex(PUBLIC) }
const identities = fc.record({
  address: fc.integer({ min: 1, max: 0xfe_ffff_ffff }).map(address),
  publicKey: fc.uint8Array({ minLength: 64, maxLength: 64 }),
})

describe('the text form', () => {
  it('is read in either case, with or without a line break', () => {
    for (const text of [
      `8e4df28b72:0:${PUBLIC}`,
      `8E4DF28B72:0:${PUBLIC.toUpperCase()}\n`,
      `8e4df28b72:0:${PUBLIC}\r\n`,
    ])
      expect(parseIdentity(text)).toEqual(E.right(known))
  })
  it('keeps the secret where there is one, and prints it only when asked', () => {
    const parsed = parseIdentity(`8e4df28b72:0:${PUBLIC}:${SECRET}`)
    if (parsed._tag === 'Left') throw new Error(parsed.left)
    const secretKey = unhex(SECRET)
    expect(parsed.right).toEqual({ ...known, secretKey })
    expect(printIdentity(parsed.right)).toBe(`8e4df28b72:0:${PUBLIC}`)
    expect(printSecret({ ...known, secretKey })).toBe(`8e4df28b72:0:${PUBLIC}:${SECRET}`)
  })
  it.each([
    ['nothing', ''],
    ['another type', `8e4df28b72:1:${PUBLIC}`],
    ['a short key', `8e4df28b72:0:${PUBLIC.slice(2)}`],
    ['a long key', `8e4df28b72:0:${PUBLIC}00`],
    ['an empty secret', `8e4df28b72:0:${PUBLIC}:`],
    ['a fifth field', `8e4df28b72:0:${PUBLIC}:${SECRET}:00`],
    ['a digit that is none', `8e4df28b72:0:g${PUBLIC.slice(1)}`],
    ['address zero', `0000000000:0:${PUBLIC}`],
    ['an address that looks like a fragment', `ff4df28b72:0:${PUBLIC}`],
    ['space around it', ` 8e4df28b72:0:${PUBLIC}`],
  ])('is refused with %s', (_, text) => {
    expect(E.isLeft(parseIdentity(text))).toBe(true)
  })
  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => E.isLeft(parseIdentity(text))))
  })
  it('reads what it prints', () => {
    fc.assert(
      fc.property(identities, (one) => {
        expect(parseIdentity(printIdentity(one))).toEqual(E.right(one))
      }),
    )
  })
})

describe('the binary form', () => {
  it('is 71 bytes, both ways, and never carries the secret', () => {
    const bytes = encode(identityCodec, { ...known, secretKey: unhex(SECRET) })
    expect(hex(bytes)).toBe(`8e4df28b7200${PUBLIC}00`)
    expect(decode(identityCodec, bytes)).toEqual(E.right(known))
  })
  it('is read with a secret behind it', () => {
    const bytes = unhex(`8e4df28b7200${PUBLIC}40${SECRET}`)
    expect(decode(identityCodec, bytes)).toEqual(E.right({ ...known, secretKey: unhex(SECRET) }))
  })
  it('refuses other types and other secret lengths', () => {
    expect(decode(identityCodec, unhex(`8e4df28b7201${PUBLIC}00`))).toEqual(
      E.left({ _tag: 'BadField', field: 'identity type', found: 1 }),
    )
    expect(decode(identityCodec, unhex(`8e4df28b7200${PUBLIC}20${SECRET}`))).toEqual(
      E.left({ _tag: 'BadField', field: 'identity secret length', found: 0x20 }),
    )
  })
  it('says how many bytes are missing, at every truncation', () => {
    for (const whole of [unhex(`8e4df28b7200${PUBLIC}00`), unhex(`8e4df28b7200${PUBLIC}40${SECRET}`)])
      for (let length = 0; length < whole.length; length++) {
        const missing = (length < PUBLIC_FORM ? PUBLIC_FORM : whole.length) - length
        expect(decode(identityCodec, whole.subarray(0, length))).toEqual(E.left({ _tag: 'Short', at: 0, missing }))
      }
  })
  it('keeps no view of the bytes it was read from', () => {
    const bytes = unhex(`8e4df28b7200${PUBLIC}00`)
    const read = decode(identityCodec, bytes)
    bytes.fill(0)
    expect(read).toEqual(E.right(known))
  })
  it('never throws, and reads what it writes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 140 }), (bytes) => decode(identityCodec, bytes) !== undefined))
    fc.assert(
      fc.property(identities, (one) => {
        expect(decode(identityCodec, encode(identityCodec, one))).toEqual(E.right(one))
      }),
    )
  })
})

describe('sameness', () => {
  it('is of address and whole key, whether or not the secret is known', () => {
    expect(sameIdentity(known, { ...known, publicKey: known.publicKey.slice(), secretKey: unhex(SECRET) })).toBe(true)
    expect(sameIdentity(known, { ...known, address: address(1) })).toBe(false)
    const other = known.publicKey.slice()
    other[63]! ^= 1
    expect(sameIdentity(known, { ...known, publicKey: other })).toBe(false)
  })
})

describe.each(providers)('with %s', (_, crypto) => {
  it('an address belongs to its key and to no other', () => {
    const digest = crypto.identityHash(known.publicKey)
    expect([digest[0], addressIn(digest)]).toEqual([16, known.address])
    expect(isLocallyValid(crypto, known)).toBe(true)
    expect(isLocallyValid(crypto, { ...known, address: address(0x8e4df28b73) })).toBe(false)
    expect(isLocallyValid(crypto, { ...known, publicKey: known.publicKey.subarray(1) })).toBe(false)
  })
  it('the public key follows from the secret', () => {
    expect(hex(publicKeyOf(crypto, unhex(SECRET)))).toBe(PUBLIC)
  })
  it('the fingerprint is SHA-384 of address and key', () => {
    expect(hex(fingerprint(crypto, known))).toBe(hex(crypto.sha384(unhex(`8e4df28b72${PUBLIC}`))))
  })
})

describe('generation', () => {
  it('gives a valid identity, the same for the same random bytes', () => {
    const made = generateIdentity(fastCrypto, seededRandom(4))
    expect(isLocallyValid(fastCrypto, made)).toBe(true)
    expect(hex(publicKeyOf(fastCrypto, made.secretKey))).toBe(hex(made.publicKey))
    expect(generateIdentity(fastCrypto, seededRandom(4))).toEqual(made)
    expect(tryIdentity(fastCrypto, made.secretKey)).toEqual(made)
  })
  it('steps to a secret with another X25519 key and the same Ed25519 key', () => {
    for (const secret of [unhex(SECRET), new Uint8Array(64).fill(0xff)]) {
      const [before, after] = [publicKeyOf(fastCrypto, secret), publicKeyOf(fastCrypto, nextSecret(secret))]
      expect(hex(after.subarray(0, 32))).not.toBe(hex(before.subarray(0, 32)))
      expect(hex(after.subarray(32))).toBe(hex(before.subarray(32)))
    }
  })
  it('refuses digests that are too easy, and reserved addresses', () => {
    const digest = new Uint8Array(64).fill(1)
    expect(addressIn(digest)).toBe(0x0101010101)
    expect(addressIn(digest.map((b, i) => (i === 0 ? 17 : b)))).toBeUndefined()
    expect(addressIn(digest.map((b, i) => (i >= 59 ? 0 : b)))).toBeUndefined()
    expect(addressIn(digest.map((b, i) => (i === 59 ? 0xff : b)))).toBeUndefined()
  })
})
