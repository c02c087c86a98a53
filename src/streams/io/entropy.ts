import type { Random } from '../../protocol/kernel/rng.ts'

/** The platform's CSPRNG. Small requests are served from one buffer, because each call of the platform costs about 1 µs. */
export const systemRandom = (): Random => {
  const pool = new Uint8Array(POOL)
  let at = POOL
  return (bytes) => {
    if (bytes > POOL / 4) return fill(new Uint8Array(bytes))
    if (at + bytes > POOL) {
      fill(pool)
      at = 0
    }
    const out = pool.slice(at, at + bytes)
    pool.fill(0, at, at + bytes)
    at += bytes
    return out
  }
}

const fill = (out: Uint8Array<ArrayBuffer>): Uint8Array => {
  for (let at = 0; at < out.length; at += MOST_AT_ONCE)
    globalThis.crypto.getRandomValues(out.subarray(at, at + MOST_AT_ONCE))
  return out
}

const POOL = 1024
const MOST_AT_ONCE = 65_536
