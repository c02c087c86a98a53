import type { Identity, SecretIdentity } from '../../../../src/protocol/crypto/identity.ts'
import { fingerprint } from '../../../../src/protocol/crypto/identity.ts'
import { type Codec, reader } from '../../../../src/protocol/kernel/codec.ts'
import { type Address, address } from '../../../../src/protocol/kernel/id.ts'
import {
  type Capability,
  capability,
  capabilitySignedBytes,
  issueCapability,
  verifyCapability,
} from '../../../../src/protocol/network/credential/capability.ts'
import {
  type Com,
  com,
  comAgrees,
  comNetwork,
  comSignedBytes,
  comTimestamp,
  issueCom,
  verifyCom,
} from '../../../../src/protocol/network/credential/com.ts'
import {
  issueOwnership,
  type Ownership,
  ownership,
  ownershipSignedBytes,
  verifyOwnership,
} from '../../../../src/protocol/network/credential/ownership.ts'
import {
  issueRevocation,
  type Revocation,
  revocation,
  revocationSignedBytes,
  verifyRevocation,
} from '../../../../src/protocol/network/credential/revocation.ts'
import type { Verification } from '../../../../src/protocol/network/credential/signature.ts'
import { issueTag, type Tag, tag, tagSignedBytes, verifyTag } from '../../../../src/protocol/network/credential/tag.ts'
import { nobleCrypto } from '../../../../src/streams/io/crypto-noble.ts'
import { attempt, type Checker, differs, hex, unhex } from '../../checker.ts'
import {
  capabilityShown,
  comShown,
  encoded,
  first,
  identityOf,
  ownershipShown,
  revocationShown,
  secretOf,
  sorted,
  tagShown,
} from './rendered.ts'

/** biome-ignore lint/suspicious/noExplicitAny: cases of vector files */
type Case = any
type Known = (address: Address) => Identity | undefined

interface Kind<A> {
  readonly codec: Codec<A>
  readonly shown: (value: A) => unknown
  readonly signedBytes: (value: A) => Uint8Array
  readonly verify: (known: Known, value: A) => Verification
  /** The same credential issued anew; `undefined` where the case was not issued by the controller. */
  readonly reissue: (controller: SecretIdentity, value: A, c: Case) => A | undefined
}

const kinds = {
  COM: {
    codec: com,
    shown: comShown,
    signedBytes: comSignedBytes,
    verify: (known, value) => verifyCom(nobleCrypto, known, value),
    reissue: (controller, value, c) =>
      c.issued_to_identity === undefined
        ? undefined
        : issueCom(
            nobleCrypto,
            controller,
            comNetwork(value),
            identityOf(c.issued_to_identity),
            Number(comTimestamp(value)),
            Number(value.qualifiers[0]!.maxDelta),
          ),
  } satisfies Kind<Com>,
  TAG: {
    codec: tag,
    shown: tagShown,
    signedBytes: tagSignedBytes,
    verify: (known, value) => verifyTag(nobleCrypto, known, value),
    reissue: (controller, value) => issueTag(nobleCrypto, controller, value),
  } satisfies Kind<Tag>,
  CAPABILITY: {
    codec: capability,
    shown: capabilityShown,
    signedBytes: capabilitySignedBytes,
    verify: (known, value) => verifyCapability(nobleCrypto, known, value),
    reissue: (controller, value) =>
      value.custody.length === 1 ? issueCapability(nobleCrypto, controller, value.custody[0]!.to, value) : undefined,
  } satisfies Kind<Capability>,
  COO: {
    codec: ownership,
    shown: ownershipShown,
    signedBytes: ownershipSignedBytes,
    verify: (known, value) => verifyOwnership(nobleCrypto, known, value),
    reissue: (controller, value) => issueOwnership(nobleCrypto, controller, value),
  } satisfies Kind<Ownership>,
  REVOCATION: {
    codec: revocation,
    shown: revocationShown,
    signedBytes: revocationSignedBytes,
    verify: (known, value) => verifyRevocation(nobleCrypto, known, value),
    reissue: (controller, value) => issueRevocation(nobleCrypto, controller, value),
  } satisfies Kind<Revocation>,
}

const checkOne = <A>(kind: Kind<A>, controller: SecretIdentity, known: Known, c: Case): string | undefined => {
  const bytes = unhex(c.serialized)
  const r = reader(bytes)
  const found = kind.codec.read(r)
  if (c.parse === 'error') return differs('parse', found._tag, 'Left')
  if (found._tag === 'Left') return `refused: ${JSON.stringify(found.left)}`
  const value = found.right
  const verdict = kind.verify(known, value)
  const wrong = first(
    c.consumed === undefined ? undefined : differs('consumed', r.at, c.consumed),
    c.decoded === undefined ? undefined : differs('decoded', sorted(kind.shown(value)), sorted(c.decoded)),
    c.signed_bytes === undefined ? undefined : differs('signed bytes', hex(kind.signedBytes(value)), c.signed_bytes),
    c.decoded === undefined ? undefined : differs('encoded', encoded(kind.codec, value), c.serialized),
    differs('verify', verdict.replace('-', '_'), c.verify),
    c.issued_to_identity_hash_sha384 === undefined
      ? undefined
      : differs(
          'hash',
          hex(fingerprint(nobleCrypto, identityOf(c.issued_to_identity))),
          c.issued_to_identity_hash_sha384,
        ),
  )
  if (wrong !== undefined || c.signed_bytes === undefined || c.verify !== 'valid') return wrong
  const again = kind.reissue(controller, value, c)
  return again === undefined ? undefined : differs('issued again', encoded(kind.codec, again), c.serialized)
}

const credentials: Checker = (file) => {
  const known = new Map<number, Identity>()
  for (const entry of [file['controller'], ...file['known_identities']]) {
    const identity = identityOf(entry)
    known.set(identity.address, identity)
  }
  const controller = secretOf(file['controller'])
  return file.cases.map((c, i) =>
    attempt(`${i} ${c.type} ${c.note ?? ''}`, () =>
      checkOne(kinds[c.type as keyof typeof kinds] as Kind<unknown>, controller, (at) => known.get(at), c),
    ),
  )
}

const comOf = (list: readonly { id: number; value: string; max_delta: string }[]): Com => ({
  qualifiers: list.map((q) => ({
    id: BigInt(q.id),
    value: BigInt(`0x${q.value}`),
    maxDelta: BigInt(`0x${q.max_delta}`),
  })),
  signedBy: address(0),
  signature: new Uint8Array(0),
})

const comAgreement: Checker = (file) =>
  file.cases.map((c, i) =>
    attempt(`${i} ${c.note}`, () =>
      differs('agrees', comAgrees(nobleCrypto, comOf(c.mine), comOf(c.other), identityOf(c.other_identity)), c.agrees),
    ),
  )

export const credentialCheckers = { credentials, com_agreement: comAgreement } satisfies Record<string, Checker>
