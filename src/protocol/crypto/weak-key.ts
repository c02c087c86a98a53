/**
 * Whether an Ed25519 public key is one of the few that no honest signer has: not the canonical encoding of a number
 * below p = 2^255 - 19, or of small order, so that one signature would fit many messages. Libraries differ in whether
 * they look, hence this rule for all of them. Not secret: need not run in constant time.
 */
export const isWeakEd25519Key = (publicKey: Uint8Array): boolean => {
  let y = ''
  for (let i = 31; i >= 0; i--) y += (i === 31 ? publicKey[i]! & 0x7f : publicKey[i]!).toString(16).padStart(2, '0')
  return y >= FIELD || SMALL_ORDER.has(y)
}

/** Big-endian hex, in which order of text is order of numbers. */
const FIELD = `7${'f'.repeat(61)}ed`
/** The y of the points of order 1, 2, 4 and 8; each with either sign of x. */
const SMALL_ORDER: ReadonlySet<string> = new Set([
  '01'.padStart(64, '0'),
  `7${'f'.repeat(61)}ec`,
  '0'.repeat(64),
  '7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd83d3d706a17c7',
  '05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826',
])
