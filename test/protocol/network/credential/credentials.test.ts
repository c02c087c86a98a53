import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Identity } from '../../../../src/protocol/crypto/identity.ts'
import { sign } from '../../../../src/protocol/crypto/signature.ts'
import { type Codec, decode, encode } from '../../../../src/protocol/kernel/codec.ts'
import { E } from '../../../../src/protocol/kernel/fp.ts'
import { address, networkId, parseMac } from '../../../../src/protocol/kernel/id.ts'
import { parseIp } from '../../../../src/protocol/kernel/ip.ts'
import {
  capability,
  capabilityIssuedTo,
  capabilitySignedBytes,
  issueCapability,
  verifyCapability,
} from '../../../../src/protocol/network/credential/capability.ts'
import {
  com,
  comAgrees,
  comIssuedTo,
  comLength,
  comNetwork,
  comTimestamp,
  issueCom,
  verifyCom,
} from '../../../../src/protocol/network/credential/com.ts'
import {
  ipThing,
  issueOwnership,
  ownership,
  ownsIp,
  ownsMac,
  verifyOwnership,
} from '../../../../src/protocol/network/credential/ownership.ts'
import {
  credentialType,
  FAST_PROPAGATE,
  issueRevocation,
  revocation,
  verifyRevocation,
} from '../../../../src/protocol/network/credential/revocation.ts'
import type { IdentityOf, Verification } from '../../../../src/protocol/network/credential/signature.ts'
import { issueTag, tag, verifyTag } from '../../../../src/protocol/network/credential/tag.ts'
import { nobleCrypto as crypto } from '../../../../src/streams/io/crypto-noble.ts'
import { controllerNode, memberNode, otherNode, publicOf } from '../nodes.ts'

const network = networkId((BigInt(controllerNode.address) << 24n) | 0xa56360n)
const NOW = 1_700_000_000_000
const known = (at: number): Identity | undefined =>
  [controllerNode, memberNode, otherNode].map(publicOf).find((one) => one.address === at)

const membership = issueCom(crypto, controllerNode, network, memberNode, NOW, 1_800_000)
const base = { network, timestamp: BigInt(NOW), id: 5 }
const tagged = issueTag(crypto, controllerNode, { ...base, value: 9, issuedTo: memberNode.address })
const owned = issueOwnership(crypto, controllerNode, {
  ...base,
  issuedTo: memberNode.address,
  things: [
    ipThing(parseIp('10.0.0.1')!),
    ipThing(parseIp('fd00::1')!),
    { type: 1, value: macThing('02:00:00:00:00:01') },
  ],
})
const accept = { _tag: 'Accept', not: false, or: false } as const
const granted = { ...base, rules: [accept], maxCustody: 2 }
const capable = issueCapability(crypto, controllerNode, memberNode.address, granted)
const revoked = issueRevocation(crypto, controllerNode, {
  id: 77,
  network,
  credentialId: 0,
  threshold: BigInt(NOW),
  flags: FAST_PROPAGATE,
  target: memberNode.address,
  type: credentialType.com,
})

function macThing(text: string): Uint8Array {
  const value = new Uint8Array(16)
  value.set(text.split(':').map((part) => Number.parseInt(part, 16)))
  return value
}

/** What holds for every kind; `check` says how its verification ends for a node that knows these identities. */
const itIsACredential = <A>(
  name: string,
  codec: Codec<A>,
  value: A,
  check: (value: A, identities: IdentityOf) => Verification,
  covered: (value: A) => unknown = (all) => all,
): void => {
  describe(name, () => {
    const bytes = encode(codec, value)

    it('is valid as issued, and read as it was written', () => {
      const back = decode(codec, bytes)
      expect(back).toEqual(E.right(value))
      expect(E.isRight(back) && check(back.right, known)).toBe('valid')
    })

    it('waits for the identity of its signer', () => {
      expect(check(value, () => undefined)).toBe('unknown-signer')
    })

    it('is short wherever it is cut', () => {
      for (let n = 0; n < bytes.length; n++)
        expect(decode(codec, bytes.subarray(0, n))).toMatchObject(E.left({ _tag: 'Short' }))
    })

    it('is never valid with a bit flipped that says something, and never throws', () => {
      fc.assert(
        fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
          const spoiled = bytes.slice()
          spoiled[bit >>> 3]! ^= 1 << (bit & 7)
          const back = decode(codec, spoiled)
          if (E.isLeft(back)) return
          // what is ignored when read reads as it was
          if (check(back.right, known) === 'valid') expect(covered(back.right)).toEqual(covered(value))
        }),
        { numRuns: 60 },
      )
    })
  })
}

itIsACredential('COM', com, membership, (value, of) => verifyCom(crypto, of, value))
itIsACredential('tag', tag, tagged, (value, of) => verifyTag(crypto, of, value))
itIsACredential('ownership', ownership, owned, (value, of) => verifyOwnership(crypto, of, value))
// no signature covers who holds it: the protocol leaves that to whoever hands it on
itIsACredential(
  'capability',
  capability,
  capable,
  (value, of) => verifyCapability(crypto, of, value),
  ({ custody, ...signed }) => ({ ...signed, custody: custody.map(({ to: _to, ...link }) => link) }),
)
itIsACredential('revocation', revocation, revoked, (value, of) => verifyRevocation(crypto, of, value))

describe('certificate of membership', () => {
  it('says when, where and whose it is', () => {
    expect([comTimestamp(membership), comNetwork(membership), comIssuedTo(membership)]).toEqual([
      BigInt(NOW),
      network,
      memberNode.address,
    ])
  })

  it('has a length that can be told without decoding it', () => {
    const bytes = encode(com, membership)
    const packet = new Uint8Array([9, 9, ...bytes, 7])
    expect(comLength(packet, 2)).toBe(bytes.length)
    expect(comLength(packet.subarray(0, packet.length - 2), 2)).toBe(-1)
    expect(comLength(packet, 1)).toBe(-1)
  })

  it('agrees with one issued within the window, and no longer after', () => {
    const at = (later: number) => issueCom(crypto, controllerNode, network, otherNode, NOW + later, 1_800_000)
    expect(comAgrees(crypto, membership, at(1_800_000), otherNode)).toBe(true)
    expect(comAgrees(crypto, membership, at(-1_800_000), otherNode)).toBe(true)
    expect(comAgrees(crypto, membership, at(1_800_001), otherNode)).toBe(false)
  })

  it('does not agree with the certificate of another node', () => {
    const other = issueCom(crypto, controllerNode, network, otherNode, NOW, 1_800_000)
    expect(comAgrees(crypto, membership, other, memberNode)).toBe(false)
  })

  it('is invalid if another than the controller signed it', () => {
    const forged = issueCom(crypto, otherNode, network, memberNode, NOW, 1_800_000)
    expect(verifyCom(crypto, known, forged)).toBe('invalid')
    expect(verifyCom(crypto, known, { ...forged, signedBy: controllerNode.address })).toBe('invalid')
  })

  it('stands for nothing without a signer', () => {
    const unsigned = { ...membership, signedBy: address(0), signature: new Uint8Array(0) }
    expect(decode(com, encode(com, unsigned))).toEqual(E.right(unsigned))
    expect(verifyCom(crypto, known, unsigned)).toBe('invalid')
  })
})

describe('certificate of ownership', () => {
  it('covers the IPs and MACs that it lists', () => {
    expect(ownsIp(owned, parseIp('10.0.0.1')!)).toBe(true)
    expect(ownsIp(owned, parseIp('10.0.0.2')!)).toBe(false)
    expect(ownsIp(owned, parseIp('fd00::1')!)).toBe(true)
    expect(ownsMac(owned, parseMac('02:00:00:00:00:01')!)).toBe(true)
    expect(ownsMac(owned, parseMac('02:00:00:00:00:02')!)).toBe(false)
  })
})

describe('capability', () => {
  const handedOn = {
    ...capable,
    custody: [
      ...capable.custody,
      {
        to: otherNode.address,
        from: memberNode.address,
        signature: sign(crypto, memberNode, capabilitySignedBytes(granted)),
      },
    ],
  }
  it('may be handed on, link by link', () => {
    expect(decode(capability, encode(capability, handedOn))).toEqual(E.right(handedOn))
    expect(verifyCapability(crypto, known, handedOn)).toBe('valid')
    expect(capabilityIssuedTo(handedOn)).toBe(otherNode.address)
  })

  it('is invalid where a link does not begin at the last holder', () => {
    const stolen = {
      ...handedOn,
      custody: [handedOn.custody[0]!, { ...handedOn.custody[1]!, from: otherNode.address }],
    }
    expect(verifyCapability(crypto, known, stolen)).toBe('invalid')
    expect(verifyCapability(crypto, known, { ...capable, custody: [] })).toBe('invalid')
  })

  it('is malformed with more links than it allows', () => {
    const long = { ...handedOn, maxCustody: 1 }
    expect(decode(capability, encode(capability, long))).toMatchObject(E.left({ field: 'custody links' }))
  })
})
