import type { SecretIdentity } from '../../src/protocol/crypto/identity.ts'
import { decode, encode, writeU64 } from '../../src/protocol/kernel/codec.ts'
import { type Address, address, type NetworkId } from '../../src/protocol/kernel/id.ts'
import { chunkPackets } from '../../src/protocol/network/chunk.ts'
import { encodeConfig } from '../../src/protocol/network/config-dictionary.ts'
import { issueCapability } from '../../src/protocol/network/credential/capability.ts'
import { issueCom } from '../../src/protocol/network/credential/com.ts'
import { issueOwnership } from '../../src/protocol/network/credential/ownership.ts'
import { issueRevocation } from '../../src/protocol/network/credential/revocation.ts'
import { issueTag } from '../../src/protocol/network/credential/tag.ts'
import { type Rule, rules } from '../../src/protocol/network/rule.ts'
import { networkCredentials } from '../../src/protocol/verb/network-credentials.ts'
import { verbCode } from '../../src/protocol/verb/verb-code.ts'
import { HEADER } from '../../src/protocol/vl1-io.ts'
import { fastCrypto } from '../../src/streams/io/crypto-fast.ts'
import { configFor } from '../support/vl2-network.ts'
import { type Chance, concat, mutate, splice } from './chance.ts'
import type { Sample } from './samples.ts'

/** Payloads of VL2: those of native nodes, mutated, and what a controller might sign if it were mad. */
export const vl2Forge = (
  c: Chance,
  network: NetworkId,
  /** One that is joined and whose controller nobody knows. */
  unknown: NetworkId,
  controller: SecretIdentity,
  members: readonly SecretIdentity[],
  samples: readonly Sample[],
) => {
  const someTime = (now: number): number => now + c.below(4_000_000) - 2_000_000
  const someone = (): Address => (c.once(3) ? c.pick(members).address : address(1 + c.below(0x7fff_ffff)))
  const list = <A>(make: () => A): readonly A[] => Array.from({ length: c.once(3) ? c.below(4) : 0 }, make)

  const dictionary = (now: number): Uint8Array => {
    const program = c.once(2) ? c.bytes(c.below(200)) : Uint8Array.of(1, 0)
    const bytes = encodeConfig(
      configFor(controller, c.pick(members), c.once(3) ? someTime(now) : now, {
        rules: program,
        mtu: c.pick([1280, 2800, 10_000, c.below(70_000)]),
        multicastLimit: c.pick([0, 1, 32, 0xffff_ffff]),
        type: c.pick(['public', 'private']),
        flags: BigInt(c.below(64)),
        tags: list(() => c.bytes(c.below(200))),
        capabilities: list(() => c.bytes(c.below(200))),
        ownership: list(() => c.bytes(c.below(200))),
        specialists: list(() => ({
          address: someone(),
          activeBridge: c.once(2),
          anchor: c.once(2),
          multicastReplicator: c.once(2),
        })),
        routes: list(() => ({
          target: { address: '10.0.0.0', bits: c.below(33) },
          via: undefined,
          flags: 0,
          metric: 0,
        })),
      }),
    )
    return c.once(2) ? mutate(c, bytes) : bytes
  }
  /** What the controller signed, or somebody else did. */
  const chunks = (now: number, inRe: boolean): readonly Uint8Array[] => {
    const signer = c.once(6) ? c.pick(members) : controller
    const id = BigInt(1 + c.below(c.once(4) ? 6 : 1 << 30))
    const about = c.once(10) ? unknown : network
    return chunkPackets(fastCrypto, signer, about, dictionary(now), id, inRe ? 9 : 0).map((packet) => {
      const payload = packet.subarray(HEADER)
      if (inRe) {
        payload[0] = verbCode.networkConfigRequest
        writeU64(payload, 1, BigInt(c.below(1000)))
      }
      if (c.once(20)) payload[c.below(payload.length)] = c.below(256)
      return payload
    })
  }
  const credentials = (now: number): Uint8Array => {
    const signer = c.once(5) ? c.pick(members) : controller
    const id = () => c.below(300)
    const time = () => BigInt(someTime(now))
    const value = {
      coms: list(() => issueCom(fastCrypto, signer, network, c.pick(members), someTime(now), 1_800_000)),
      tags: list(() =>
        issueTag(fastCrypto, signer, { network, timestamp: time(), id: id(), value: c.below(9), issuedTo: someone() }),
      ),
      capabilities: list(() =>
        issueCapability(fastCrypto, signer, someone(), {
          ...{ network, timestamp: time(), id: id(), maxCustody: 1 + c.below(7) },
          rules: rulesFrom(c.bytes(c.below(64))),
        }),
      ),
      ownership: list(() =>
        issueOwnership(fastCrypto, signer, { network, timestamp: time(), id: id(), things: [], issuedTo: someone() }),
      ),
      revocations: list(() =>
        issueRevocation(fastCrypto, signer, {
          ...{ id: id(), network, credentialId: id(), threshold: time() },
          ...{ flags: BigInt(c.below(2)), target: someone(), type: c.below(8) },
        }),
      ),
    }
    const payload = encode(networkCredentials, value)
    return c.once(3) ? mutate(c, payload) : payload
  }

  return (now: number): readonly [kind: string, sample: Sample] => {
    const one = c.pick(samples)
    switch (c.below(10)) {
      case 0:
        return ['signed config', { verb: verbCode.networkConfig, payload: c.pick([...chunks(now, false), NOTHING]) }]
      case 1:
        return ['signed config in OK', { verb: verbCode.ok, payload: c.pick([...chunks(now, true), NOTHING]) }]
      case 2:
        return ['signed credentials', { verb: verbCode.networkCredentials, payload: credentials(now) }]
      case 3:
        return ['other verb', { verb: c.below(32), payload: one.payload }]
      case 4:
        return ['noise', { verb: c.below(32), payload: concat(networkBytes(network), c.bytes(c.below(300))) }]
      case 5:
        return ['spliced', { verb: one.verb, payload: splice(c, one.payload, c.pick(samples).payload) }]
      default:
        return ['mutated', { verb: one.verb, payload: c.once(8) ? one.payload : mutate(c, one.payload, 60) }]
    }
  }
}

const rulesFrom = (bytes: Uint8Array): readonly Rule[] => {
  const read = decode(rules, bytes)
  return read._tag === 'Left' ? [] : read.right
}
const networkBytes = (network: NetworkId): Uint8Array => {
  const bytes = new Uint8Array(8)
  writeU64(bytes, 0, network)
  return bytes
}
const NOTHING = new Uint8Array(0)
