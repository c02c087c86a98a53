import { agree } from '../../../src/protocol/crypto/agreement.ts'
import {
  addressIn,
  fingerprint,
  type Identity,
  identityCodec,
  isLocallyValid,
  parseIdentity,
  printIdentity,
  printSecret,
  type SecretIdentity,
} from '../../../src/protocol/crypto/identity.ts'
import { fill, stir } from '../../../src/protocol/crypto/identity-hash.ts'
import { kbkdf } from '../../../src/protocol/crypto/kbkdf.ts'
import { salsaState } from '../../../src/protocol/crypto/salsa20.ts'
import { sign, verify } from '../../../src/protocol/crypto/signature.ts'
import { type Aes, foldedGmac, sivDecrypt, sivEncrypt } from '../../../src/protocol/crypto/siv.ts'
import type { CipherSuite, Crypto } from '../../../src/protocol/crypto/suite.ts'
import { decode, encode, reader } from '../../../src/protocol/kernel/codec.ts'
import { address, printAddress } from '../../../src/protocol/kernel/id.ts'
import { nobleAes } from '../../../src/streams/io/crypto-noble.ts'
import { attempt, type Checked, type Checker, differs, hex, unhex } from '../checker.ts'
import { providers } from './providers.ts'

const aesProviders: readonly (readonly [string, Aes])[] = [['noble', nobleAes]]

/** biome-ignore lint/suspicious/noExplicitAny: cases of vector files */
type Case = any

const perProvider =
  (check: (crypto: Crypto, one: Case) => string | undefined): Checker =>
  (file) =>
    file.cases.flatMap((one): readonly Checked[] =>
      providers.map((crypto) => attempt(`${one.name} (${crypto.name})`, () => check(crypto, one))),
    )

const first = (...checks: readonly (string | undefined)[]): string | undefined => checks.find((c) => c !== undefined)

const identities = perProvider((crypto, c) => {
  if (c.kind === 'identity') return wholeIdentity(crypto, c)
  const parsed =
    c.kind === 'string' ? parseIdentity(c.input_string) : identityCodec.read(reader(unhex(c.input_binary_hex)))
  if (parsed._tag === 'Left') return c.parses && c.lenient !== true ? 'refused' : undefined
  if (!c.parses) return 'accepted'
  return sameAsCase(crypto, parsed.right, c)
})

const sameAsCase = (crypto: Crypto, identity: Identity, c: Case): string | undefined =>
  first(
    differs('address', printAddress(identity.address), c.address),
    differs('public key', identity.publicKey, c.public_key_hex),
    differs('has private', identity.secretKey !== undefined, c.has_private),
    differs('locally valid', isLocallyValid(crypto, identity), c.locally_valid),
  )

const wholeIdentity = (crypto: Crypto, c: Case): string | undefined => {
  const parsed = parseIdentity(c.secret_string)
  if (parsed._tag === 'Left') return parsed.left
  const identity = parsed.right
  if (identity.secretKey === undefined) return 'secret lost'
  const mine: SecretIdentity = { ...identity, secretKey: identity.secretKey }
  const binary = decode(identityCodec, unhex(c.secret_binary_hex))
  if (binary._tag === 'Left') return 'secret binary form refused'
  return first(
    sameAsCase(crypto, identity, { ...c, has_private: true }),
    differs('public text', printIdentity(identity), c.public_string),
    differs('secret text', printSecret(mine), c.secret_string),
    differs('public binary', encode(identityCodec, identity), c.public_binary_hex),
    differs('secret read from binary', binary.right.secretKey, c.private_key_hex),
    differs('fingerprint', fingerprint(crypto, identity), c.sha384_of_address_and_public_key_hex),
    differs('hash of secret', crypto.sha512(mine.secretKey), c.sha512_of_private_key_hex),
    differs('x25519 public', crypto.x25519PublicKey(mine.secretKey.subarray(0, 32)), c.public_key_hex.slice(0, 64)),
    differs('ed25519 public', crypto.ed25519PublicKey(mine.secretKey.subarray(32)), c.public_key_hex.slice(64)),
  )
}

const identityHashes = perProvider((crypto, c) => {
  const seed = crypto.sha512(unhex(c.public_key_hex))
  const digest = crypto.identityHash(unhex(c.public_key_hex))
  const stream = salsaState(seed.subarray(0, 32), seed.subarray(32, 40))
  const memory = new Uint8Array(0x200000)
  fill(memory, stream)
  const [head, tail, whole] = [hex(memory.subarray(0, 128)), hex(memory.subarray(-64)), crypto.sha512(memory)]
  const stirred = seed.slice()
  stir(stirred, memory, stream)
  return first(
    differs('seed', seed, c.sha512_of_public_key_hex),
    differs('memory head', head, c.memory_first_128_bytes_hex),
    differs('memory tail', tail, c.memory_last_64_bytes_hex),
    differs('memory', whole, c.sha512_of_filled_memory_hex),
    differs('memory after mixing', crypto.sha512(memory), c.sha512_of_memory_after_mix_hex),
    differs('digest by parts', stirred, c.final_digest_hex),
    differs('digest', digest, c.final_digest_hex),
    differs('difficulty met', addressIn(digest) !== undefined, c.hashcash_ok),
    differs('address', hex(digest.subarray(59)), c.derived_address),
  )
})

const keyAgreement = perProvider((crypto, c) => {
  const side = (of: 'a' | 'b'): SecretIdentity => ({
    address: address(1),
    publicKey: unhex(c[`${of}_public_key_hex`]),
    secretKey: unhex(c[`${of}_private_key_hex`]),
  })
  const raw = crypto.x25519(side('a').secretKey.subarray(0, 32), side('b').publicKey.subarray(0, 32))
  return first(
    differs('raw', raw, c.raw_x25519_hex),
    differs('a to b', agree(crypto, side('a'), side('b')), c.key48_hex),
    differs('b to a', agree(crypto, side('b'), side('a')), c.key48_hex),
  )
})

const signatures = perProvider((crypto, c) => {
  const [publicKey, message, signature] = [unhex(c.public_key_hex), unhex(c.message_hex), unhex(c.signature_hex)]
  const signed =
    c.private_key_hex === undefined
      ? undefined
      : sign(crypto, { publicKey, secretKey: unhex(c.private_key_hex) }, message)
  return first(
    signed === undefined ? undefined : differs('signed', signed, c.signature_hex),
    differs('valid', verify(crypto, publicKey, message, signature), c.valid),
  )
})

const primitives = perProvider((crypto, c) => {
  const keystream = (length: number, counter = 0): Uint8Array => {
    const data = new Uint8Array(length)
    crypto.salsa20(unhex(c.key_hex), unhex(c.iv_hex), c.rounds, data, counter)
    return data
  }
  switch (c.primitive) {
    case 'salsa20':
      return differs('keystream', keystream(c.keystream_hex.length / 2), c.keystream_hex)
    case 'salsa20-two-calls':
      return first(
        differs('first', keystream(32), c.first_call_32_bytes_hex),
        differs('second', keystream(200, 1), c.second_call_200_bytes_hex),
      )
    case 'salsa20-long': {
      const all = keystream(c.length)
      return first(
        differs('hash', crypto.sha512(all), c.sha512_of_keystream_hex),
        differs('end', all.subarray(-64), c.last_64_bytes_hex),
        differs('end by counter', keystream(64, c.length / 64 - 1), c.last_64_bytes_hex),
      )
    }
    case 'poly1305':
      return differs('tag', crypto.poly1305(unhex(c.key_hex), unhex(c.message_hex)), c.tag_hex)
    case 'sha2':
      return first(
        differs('sha512', crypto.sha512(unhex(c.message_hex)), c.sha512_hex),
        differs('sha384', crypto.sha384(unhex(c.message_hex)), c.sha384_hex),
      )
    default:
      return `unknown primitive ${c.primitive}`
  }
})

const derivation = perProvider((crypto, c) =>
  c.function === 'hmac-sha384'
    ? differs('hmac', crypto.hmacSha384(unhex(c.key48_hex), unhex(c.message_hex)), c.output_hex)
    : differs(
        'derived key',
        kbkdf(crypto, unhex(c.key48_hex), c.label_char.charCodeAt(0), c.context, c.iteration),
        c.output_hex,
      ),
)

const siv: Checker = (file) =>
  file.cases.flatMap((c) =>
    aesProviders.map(([name, aes]) =>
      attempt(`${c.name} (${name})`, () => {
        const keys = { gmac: unhex(c.k0_hex), ctr: unhex(c.k1_hex) }
        const text = unhex(c.plaintext_hex)
        const folded = foldedGmac(aes, keys.gmac, unhex(c.iv_hex), unhex(c.aad_hex), text)
        const tag = sivEncrypt(aes, keys, unhex(c.iv_hex), unhex(c.aad_hex), text)
        const sealed = hex(text)
        const genuine = sivDecrypt(aes, keys, tag, unhex(c.aad_hex), text)
        return first(
          differs('folded gmac', folded, c.gmac_folded8_hex),
          differs('tag', tag, c.tag_hex),
          differs('ciphertext', sealed, c.ciphertext_hex),
          differs('genuine', genuine, true),
          differs('decrypted', text, c.plaintext_hex),
          differs(
            'forged accepted',
            sivDecrypt(
              aes,
              keys,
              tag.map((b) => b ^ 1),
              unhex(c.aad_hex),
              text,
            ),
            false,
          ),
        )
      }),
    ),
  )

/** Sealing gives the wire bytes; opening each variant tells genuine from forged and gives the plaintext back. */
const armor = perProvider((crypto, c) => {
  const session = crypto.session(unhex(c.key48_hex))
  const open = (wire: string): readonly [boolean, Uint8Array] => {
    const packet = unhex(wire)
    return [session.open([packet])[0] === true, packet]
  }
  if (c.cipher === 2) return differs('trusted path packet opened by keys', open(c.wire_hex)[0], false)
  const plain = unhex(
    `${c.packet_id_hex}${c.destination}${c.source}${c.fragmented_flag ? '40' : '00'}${'00'.repeat(8)}${c.plaintext_from_verb_byte_hex}`,
  )
  session.seal(c.cipher as CipherSuite, [plain])
  return first(
    differs('flags', plain[18], c.flags_byte),
    differs('wire', plain, c.wire_hex),
    differs('wire packet id', plain.subarray(0, 8), c.wire_packet_id_hex),
    ...c.variants.map((variant: Case) => {
      const [genuine, packet] = open(variant.wire_hex)
      // a variant that authenticates may still be meant to fail later, in decompression, which is not ours
      const text = genuine ? differs('text', packet.subarray(27), c.plaintext_from_verb_byte_hex) : undefined
      return differs(variant.name, genuine, variant.accept) ?? text
    }),
  )
})

export const cryptoCheckers: Readonly<Record<string, Checker>> = {
  identities,
  identity_hash: identityHashes,
  key_agreement: keyAgreement,
  signatures,
  primitives,
  kbkdf: derivation,
  aes_gmac_siv: siv,
  armor,
}
