import type { CipherSuite, Crypto } from '../src/protocol/crypto/suite.ts'
import { fastCrypto } from '../src/streams/io/crypto-fast.ts'
import { nobleCrypto } from '../src/streams/io/crypto-noble.ts'
import { plainCrypto } from '../src/streams/io/crypto-plain.ts'

/**
 * Nanoseconds per packet to seal and to open, for each provider, suite and size, one packet and 32 at a time; then the
 * asymmetric operations. Variants take turns round by round, and the best round counts: on a shared machine the rest
 * is noise.
 */
const ROUNDS = 25
const ROUND_MS = 4

interface Row {
  readonly name: string
  readonly run: () => void
  readonly per: number
  best: number
}

const packetRows = (crypto: Crypto, suite: CipherSuite, size: number, batch: number): readonly Row[] => {
  const session = crypto.session(Uint8Array.from({ length: 48 }, (_, i) => i * 5))
  const packet = Uint8Array.from({ length: 27 + size }, (_, i) => (i === 18 ? 0 : i * 7))
  const plain = Array.from({ length: batch }, () => packet.slice())
  const sealed = Array.from({ length: batch }, () => packet.slice())
  session.seal(suite, sealed)
  const scratch = sealed.map((one) => one.slice())
  const name = `${crypto.name.padEnd(6)} suite ${suite} ${String(size).padStart(5)} B x${String(batch).padEnd(3)}`
  return [
    { name: `${name} seal`, run: () => session.seal(suite, plain), per: batch, best: Infinity },
    {
      name: `${name} open`,
      // opening works in place, so each run needs its packets sealed again: the copy is part of what is measured
      run: () => {
        for (let i = 0; i < batch; i++) scratch[i]!.set(sealed[i]!)
        if (!session.open(scratch).every(Boolean)) throw new Error('a good packet was refused')
      },
      per: batch,
      best: Infinity,
    },
  ]
}

const keyRows = (crypto: Crypto): readonly Row[] => {
  const secret = Uint8Array.from({ length: 32 }, (_, i) => i + 1)
  const [dh, ed] = [crypto.x25519PublicKey(secret), crypto.ed25519PublicKey(secret)]
  const signature = crypto.ed25519Sign(secret, ed, dh)
  const row = (name: string, run: () => unknown): Row => ({
    name: `${crypto.name.padEnd(6)} ${name}`,
    run,
    per: 1,
    best: Infinity,
  })
  return [
    row('agree', () => crypto.x25519(secret, dh)),
    row('sign', () => crypto.ed25519Sign(secret, ed, dh)),
    row('verify', () => crypto.ed25519Verify(ed, dh, signature)),
    row('new session, first suite 3 packet', () =>
      crypto.session(signature.subarray(0, 48)).seal(3, [new Uint8Array(92)]),
    ),
    row('identity hash', () => crypto.identityHash(signature)),
  ]
}

const measure = (row: Row): void => {
  let runs = 0
  const start = performance.now()
  let spent = 0
  do {
    row.run()
    runs++
    spent = performance.now() - start
  } while (spent < ROUND_MS)
  row.best = Math.min(row.best, (spent * 1e6) / runs / row.per)
}

const providers = [nobleCrypto, plainCrypto, fastCrypto].filter(({ name }) => (process.argv[2] ?? name) === name)
const rows = [
  ...([1, 3, 0] as const).flatMap((suite) =>
    [64, 1400, 2800].flatMap((size) =>
      [1, 32].flatMap((batch) => providers.flatMap((crypto) => packetRows(crypto, suite, size, batch))),
    ),
  ),
  ...providers.flatMap(keyRows),
]
for (let round = 0; round < ROUNDS; round++) for (const row of rows) measure(row)
for (const { name, best } of rows) console.log(`${name.padEnd(48)} ${best.toFixed(0).padStart(12)} ns`)
