import { describe, expect, it } from 'vitest'
import { encode } from '../../src/protocol/kernel/codec.ts'
import { networkId } from '../../src/protocol/kernel/id.ts'
import { OUTDATED } from '../../src/protocol/network/apply.ts'
import { chunkPackets } from '../../src/protocol/network/chunk.ts'
import type { NetworkConfig } from '../../src/protocol/network/config.ts'
import { encodeConfig } from '../../src/protocol/network/config-dictionary.ts'
import { type Capability, issueCapability } from '../../src/protocol/network/credential/capability.ts'
import { issueCom } from '../../src/protocol/network/credential/com.ts'
import { issueOwnership } from '../../src/protocol/network/credential/ownership.ts'
import { issueRevocation } from '../../src/protocol/network/credential/revocation.ts'
import { issueTag } from '../../src/protocol/network/credential/tag.ts'
import { networkCredentials, noCredentials } from '../../src/protocol/verb/network-credentials.ts'
import { verbCode } from '../../src/protocol/verb/verb-code.ts'
import { HEADER } from '../../src/protocol/vl1-io.ts'
import { nobleCrypto as crypto } from '../../src/streams/io/crypto-noble.ts'
import { unhex } from '../support/checker.ts'
import { chunksOf, configFor, identityNamed, NETWORK } from '../support/vl2-network.ts'
import { framesOf, START, vl2Node } from '../support/vl2-node.ts'

type Named = ReturnType<typeof identityNamed>
const [controller, za, zb, zx] = (['zc', 'za', 'zb', 'zx'] as const).map(identityNamed) as [Named, Named, Named, Named]
const LATER = START + 2 * OUTDATED
const config = (changes: Partial<NetworkConfig> = {}, at = LATER): NetworkConfig =>
  configFor(controller, za, at, { name: 'bad', ...changes })
/** A dictionary in a chunk that the controller signs, whatever it holds. */
const signed = (dictionary: Uint8Array, by = controller, network = NETWORK): Uint8Array =>
  chunkPackets(crypto, by, network, dictionary, 9n, 0)[0]!.subarray(HEADER)
const text = (lines: string): Uint8Array => new TextEncoder().encode(lines)
const flipped = (bytes: Uint8Array, at: number): Uint8Array =>
  bytes.map((byte, i) => (i === (at < 0 ? bytes.length + at : at) ? byte ^ 1 : byte))
const shown = (some: Partial<Parameters<typeof networkCredentials.write>[1]>): Uint8Array =>
  encode(networkCredentials, { ...noCredentials, ...some })
const fields = { network: NETWORK, timestamp: BigInt(LATER), id: 1, rules: [], maxCustody: 7 } as const
const granted = issueCapability(crypto, controller, zb.address, fields)
const handedOn = (to: Named, from: Named, signer: Named): Capability => {
  const { custody } = issueCapability(crypto, signer, to.address, fields)
  return { ...granted, custody: [...granted.custody, { ...custody[0]!, from: from.address }] }
}
const owned = { network: NETWORK, timestamp: BigInt(LATER), id: 1, things: [], issuedTo: zb.address }
const revoked = { id: 1, network: NETWORK, credentialId: 0, threshold: BigInt(LATER), flags: 1n, target: za.address }

const { networkConfig, networkCredentials: credentials, ok } = verbCode
const good = chunksOf(controller, config(), 9n)[0]!

type Row = readonly [what: string, reason: string, from: Named, verb: number, payload: Uint8Array]
const configurations: readonly Row[] = [
  ['with a signature that is wrong by a bit', 'bad-chunk', controller, networkConfig, flipped(good, -1)],
  ['with a byte changed after it was signed', 'bad-chunk', controller, networkConfig, flipped(good, 40)],
  ['signed by another member', 'bad-chunk', zb, networkConfig, signed(encodeConfig(config()), zb)],
  [
    'for another member',
    'bad-chunk',
    controller,
    networkConfig,
    chunksOf(controller, configFor(controller, zb, LATER), 9n)[0]!,
  ],
  [
    'for another network in a chunk for this one',
    'bad-chunk',
    controller,
    networkConfig,
    signed(encodeConfig(config({ networkId: networkId(NETWORK + 1n) }))),
  ],
  [
    'for a network that was not joined',
    'not-joined',
    controller,
    networkConfig,
    signed(encodeConfig(config()), controller, networkId(NETWORK + 1n)),
  ],
  [
    'minutes older than the one in force',
    'outdated',
    controller,
    networkConfig,
    chunksOf(controller, config({}, START - OUTDATED - 1), 9n)[0]!,
  ],
  [
    'minutes older, in an answer that a stranger passes on',
    'outdated',
    zx,
    ok,
    chunksOf(controller, config({}, START - OUTDATED - 1), 9n, 5n)[0]!,
  ],
  ['unsigned, from a stranger', 'unexpected-sender', zx, networkConfig, unhex(`60ca6443caa563600003${'763d37'}`)],
  ['cut in the middle', 'bad-chunk', controller, networkConfig, good.subarray(0, 60)],
  ['with a slice beyond its end', 'bad-chunk', controller, networkConfig, flipped(good, good.length - 99 - 1)],
  [
    'with rules that end in the middle',
    'bad-chunk',
    controller,
    networkConfig,
    signed(encodeConfig(config({ rules: Uint8Array.of(37, 2, 8) }))),
  ],
  [
    'with a certificate that is none',
    'bad-chunk',
    controller,
    networkConfig,
    signed(encodeConfig(config({ com: Uint8Array.of(1, 2) }))),
  ],
  ['of an older kind', 'bad-chunk', controller, networkConfig, signed(text('v=5'))],
  [
    'with escapes that hide its fields',
    'bad-chunk',
    controller,
    networkConfig,
    signed(text('v=7\\\nnwid\\e1=\\\\\nid=\\')),
  ],
  ['that is empty', 'bad-chunk', controller, networkConfig, signed(text('\n'))],
]
const shownBy: readonly Row[] = [
  [
    'a certificate of membership that a member signed',
    'bad-credential',
    zb,
    credentials,
    shown({ coms: [issueCom(crypto, zb, NETWORK, zb, LATER, 1_800_000)] }),
  ],
  [
    'a certificate of membership older than the one known',
    'bad-credential',
    zb,
    credentials,
    shown({ coms: [issueCom(crypto, controller, NETWORK, zb, START - 9, 1_800_000)] }),
  ],
  [
    'a tag that a member signed',
    'bad-credential',
    zb,
    credentials,
    shown({ tags: [issueTag(crypto, zb, { ...owned, value: 1 })] }),
  ],
  [
    'a capability that a member signed',
    'bad-credential',
    zb,
    credentials,
    shown({ capabilities: [issueCapability(crypto, zb, zb.address, fields)] }),
  ],
  [
    'a capability without a chain of custody',
    'bad-credential',
    zb,
    credentials,
    shown({ capabilities: [{ ...granted, custody: [] }] }),
  ],
  [
    'a capability handed on by who does not hold it',
    'bad-credential',
    zx,
    credentials,
    shown({ capabilities: [handedOn(zx, zx, zx)] }),
  ],
  [
    'a capability handed on without a signature of its holder',
    'bad-credential',
    zx,
    credentials,
    shown({ capabilities: [handedOn(zx, zb, zx)] }),
  ],
  [
    'a certificate of ownership that a member signed',
    'bad-credential',
    zb,
    credentials,
    shown({ ownership: [issueOwnership(crypto, zb, owned)] }),
  ],
  [
    'a revocation that a member signed',
    'bad-credential',
    zb,
    credentials,
    shown({ revocations: [issueRevocation(crypto, zb, { ...revoked, type: 1 })] }),
  ],
  [
    'a revocation of a kind that does not exist',
    'bad-credential',
    controller,
    credentials,
    shown({ revocations: [issueRevocation(crypto, controller, { ...revoked, type: 9 })] }),
  ],
  [
    'credentials that end in the middle',
    'malformed',
    zb,
    credentials,
    shown({ capabilities: [granted] }).subarray(0, 30),
  ],
]

/** A member at work, to whom Bob has shown his certificate. */
const member = () => {
  const node = vl2Node({ crypto, self: za, known: [za, zb, zx, controller] })
  node.give({ _tag: 'Join', network: NETWORK })
  node.hear(controller, networkConfig, chunksOf(controller, configFor(controller, za, START), 7n)[0]!)
  node.hear(zb, credentials, shown({ coms: [issueCom(crypto, controller, NETWORK, zb, START, 1_800_000)] }))
  node.take()
  return node
}

/** One row is refused with its reason, and everything is as it was. */
const refused = ([, reason, from, verb, payload]: Row): void => {
  const node = member()
  node.hear(from, verb, payload)
  const outputs = node.take()
  expect(outputs.filter(({ _tag }) => _tag !== 'Send')).toMatchObject([{ _tag: 'Drop', reason }])
  expect(node.state.table.byId.get(NETWORK)?.active?.config.name).toBe('test')
  node.hear(zb, verbCode.frame, unhex('60ca6443caa56360080045'))
  expect(framesOf(node.take())).toHaveLength(1)
}

describe('a configuration is refused, and the last good one stays in force', () => {
  it.each(configurations)('%s: %s', (...row) => refused(row))

  it('but not one without a fault, nor an older one with which the controller itself answers', () => {
    for (const [verb, at] of [
      [networkConfig, LATER],
      [ok, START - OUTDATED - 1],
    ] as const) {
      const node = member()
      node.hear(controller, verb, chunksOf(controller, config({}, at), 9n, verb === ok ? 5n : undefined)[0]!)
      expect(node.state.table.byId.get(NETWORK)?.active?.config.name).toBe('bad')
    }
  })

  it('and of too many rules the first 1024 count', () => {
    const node = member()
    const rules = new Uint8Array(2 * 1_100).map((_, i) => (i % 2 === 0 ? 5 : 0))
    rules.set([1, 0], 2 * 1_024)
    node.hear(controller, networkConfig, signed(encodeConfig(config({ rules }))))
    expect(node.state.table.byId.get(NETWORK)?.active?.rules.base.length).toBe(1_024)
  })
})

describe('a credential is refused, and who was let in before still is', () => {
  it.each(shownBy)('%s: %s', (...row) => refused(row))

  it('and one of another member lets nobody in but that member', () => {
    const node = member()
    node.hear(zx, credentials, shown({ coms: [issueCom(crypto, controller, NETWORK, zb, LATER, 1_800_000)] }))
    node.hear(zx, verbCode.frame, unhex('60ca6443caa56360080045'))
    node.passTo(node.now() + 6_000)
    const outputs = node.take()
    expect(framesOf(outputs)).toEqual([])
    expect(outputs).toContainEqual({ _tag: 'Drop', reason: 'not-a-member', network: NETWORK, peer: zx.address })
  })
})
