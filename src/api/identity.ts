import {
  parseIdentity as parse,
  printIdentity,
  printSecret,
  type SecretIdentity,
  type Identity as WireIdentity,
} from '../protocol/crypto/identity.ts'
import { NodeError } from '../streams/error.ts'
import { isRecord } from '../streams/option.ts'
import { type NodeId, publicNodeId } from '../streams/public-id.ts'

/** A node's identity: its address and keys, in the text form all ZeroTier tools share. */
export interface Identity {
  readonly id: NodeId
  /** `address:0:public key`, safe to show. */
  readonly public: string
  readonly hasSecret: boolean
  /**
   * The text form with the secret key: whoever has it is this node.
   * @throws {NodeError} `ERR_ZT_IDENTITY_INVALID` if this identity is somebody else's public one.
   */
  exportSecret(): string
}

/**
 * Reads the text form, public or secret. The slow proof that the address belongs to the key is `validateIdentity`.
 * @throws {NodeError} `ERR_ZT_IDENTITY_INVALID`
 */
export const parseIdentity = (text: string): Identity => publicIdentity(wireIdentity(text))

/** Whether `text` has the form of an identity, public or secret. */
export const isIdentity = (text: unknown): text is string =>
  typeof text === 'string' && parse(text.trim())._tag === 'Right'

export const publicIdentity = (wire: WireIdentity): Identity => ({
  id: publicNodeId(wire.address),
  public: printIdentity(wire),
  hasSecret: wire.secretKey !== undefined,
  exportSecret: () => printSecret(withSecret(wire)),
})

/** What the protocol works with; refuses what is no identity without ever repeating the text, which may be secret. */
export const wireIdentity = (identity: string | Identity): WireIdentity => {
  const parsed = parse(textOf(identity).trim())
  if (parsed._tag === 'Right') return parsed.right
  throw new NodeError(
    'ERR_ZT_IDENTITY_INVALID',
    `identity is invalid: ${parsed.left} — pass the whole text of an identity file`,
  )
}

const textOf = (identity: unknown): string => {
  const text = isIdentityObject(identity) ? (identity.hasSecret ? identity.exportSecret() : identity.public) : identity
  if (typeof text === 'string') return text
  throw new NodeError(
    'ERR_ZT_IDENTITY_INVALID',
    `identity (${text === null ? 'null' : typeof text}) is neither text nor an identity — pass the text of an identity file, or what generateIdentity() gave`,
  )
}

export const isIdentityObject = (x: unknown): x is Identity =>
  isRecord(x) &&
  typeof x['public'] === 'string' &&
  typeof x['hasSecret'] === 'boolean' &&
  typeof x['exportSecret'] === 'function'

export const secretIdentity = (identity: string | Identity): SecretIdentity => withSecret(wireIdentity(identity))

const withSecret = (wire: WireIdentity): SecretIdentity => {
  if (wire.secretKey !== undefined) return { ...wire, secretKey: wire.secretKey }
  throw new NodeError(
    'ERR_ZT_IDENTITY_INVALID',
    `identity of ${publicNodeId(wire.address)} has no secret key — use the text of identity.secret, not identity.public`,
  )
}
