import type { Crypto } from './suite.ts'

/**
 * KBKDF in counter mode over HMAC-SHA-384 (NIST SP 800-108), as ZeroTier fills its fields:
 *
 *     iteration[4]   'Z'   'T'   label[1]   0   context[1]   bits[4] = 384
 *
 * 48 bytes of output; AES keys are the first 32.
 */
export const kbkdf = (
  crypto: Pick<Crypto, 'hmacSha384'>,
  key48: Uint8Array,
  label: number,
  context = 0,
  iteration = 0,
): Uint8Array =>
  crypto.hmacSha384(
    key48,
    Uint8Array.of(
      iteration >>> 24,
      iteration >>> 16,
      iteration >>> 8,
      iteration,
      0x5a,
      0x54,
      label,
      0,
      context,
      0,
      0,
      1,
      0x80,
    ),
  )

/** The AES-256 key of the GMAC (K0) and of counter mode and tag block (K1). */
export const GMAC_LABEL = 0x30
export const CTR_LABEL = 0x31
