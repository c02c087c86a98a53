import type { Identity, SecretIdentity } from '../../protocol/crypto/identity.ts'
import { fail } from '../failure.ts'
import { readText } from '../file.ts'

/** An identity as native tools take it: the path of a file, or the text itself. The text is never repeated: it may be secret. */
export const identityOf = async (operand: string): Promise<Identity> => {
  const { parseIdentity } = await import('../../protocol/crypto/identity.ts')
  const literal = LITERAL.test(operand)
  const parsed = parseIdentity((literal ? operand : await readText(operand)).trim())
  if (parsed._tag === 'Right') return parsed.right
  return fail(
    `${literal ? 'the identity' : operand} is no identity: ${parsed.left}`,
    'name an identity.public or identity.secret, or give its whole text',
  )
}

export const secretIdentityOf = async (operand: string): Promise<SecretIdentity> => {
  const identity = await identityOf(operand)
  const { secretKey } = identity
  if (secretKey !== undefined) return { ...identity, secretKey }
  return fail(`${nameOf(operand)} has no secret key`, 'name the identity.secret of that node')
}

/** How an operand is called in what is printed. */
export const nameOf = (operand: string): string =>
  LITERAL.test(operand) ? `identity ${operand.slice(0, 10)}` : operand

const LITERAL = /^[0-9a-f]{10}:.{20}/i
