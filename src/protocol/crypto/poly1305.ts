/**
 * Poly1305 (RFC 8439 §2.5) in plain TypeScript: the full 16-byte tag of `data` under a 32-byte one-time key.
 *
 * Numbers are six limbs of 22 bits held in doubles: a limb of h + m is below 2^23, one of r below 2^22, and a sum of six
 * products, the wrapped ones times 20 (2^132 = 20 mod p), stays below 2^52, where doubles are still exact.
 */
export const poly1305 = (key: Uint8Array, data: Uint8Array): Uint8Array => {
  const k0 = word(key, 0)
  const k1 = word(key, 4) & 0x0ffffffc
  const k2 = word(key, 8) & 0x0ffffffc
  const k3 = word(key, 12) & 0x0ffffffc
  const r0 = k0 & MASK
  const r1 = (((k0 & 0x0fffffff) >>> 22) | (k1 << 10)) & MASK
  const r2 = ((k1 >>> 12) | (k2 << 20)) & MASK
  const r3 = (k2 >>> 2) & MASK
  const r4 = ((k2 >>> 24) | (k3 << 8)) & MASK
  const r5 = k3 >>> 14
  const s1 = r1 * 20
  const s2 = r2 * 20
  const s3 = r3 * 20
  const s4 = r4 * 20
  const s5 = r5 * 20
  let h0 = 0
  let h1 = 0
  let h2 = 0
  let h3 = 0
  let h4 = 0
  let h5 = 0
  let block = data
  for (let at = 0; at < data.length; at += 16) {
    let top = 1 << 18
    let from = at
    if (data.length - at < 16) {
      block = new Uint8Array(16)
      block.set(data.subarray(at))
      block[data.length - at] = 1
      top = 0
      from = 0
    }
    const m0 = word(block, from)
    const m1 = word(block, from + 4)
    const m2 = word(block, from + 8)
    const m3 = word(block, from + 12)
    h0 += m0 & MASK
    h1 += ((m0 >>> 22) | (m1 << 10)) & MASK
    h2 += ((m1 >>> 12) | (m2 << 20)) & MASK
    h3 += (m2 >>> 2) & MASK
    h4 += ((m2 >>> 24) | (m3 << 8)) & MASK
    h5 += (m3 >>> 14) | top
    const d0 = h0 * r0 + h1 * s5 + h2 * s4 + h3 * s3 + h4 * s2 + h5 * s1
    const d1 = h0 * r1 + h1 * r0 + h2 * s5 + h3 * s4 + h4 * s3 + h5 * s2
    const d2 = h0 * r2 + h1 * r1 + h2 * r0 + h3 * s5 + h4 * s4 + h5 * s3
    const d3 = h0 * r3 + h1 * r2 + h2 * r1 + h3 * r0 + h4 * s5 + h5 * s4
    const d4 = h0 * r4 + h1 * r3 + h2 * r2 + h3 * r1 + h4 * r0 + h5 * s5
    const d5 = h0 * r5 + h1 * r4 + h2 * r3 + h3 * r2 + h4 * r1 + h5 * r0
    let c = Math.floor(d0 * DOWN)
    h0 = d0 - c * UP
    c += d1
    let carry = Math.floor(c * DOWN)
    h1 = c - carry * UP
    c = d2 + carry
    carry = Math.floor(c * DOWN)
    h2 = c - carry * UP
    c = d3 + carry
    carry = Math.floor(c * DOWN)
    h3 = c - carry * UP
    c = d4 + carry
    carry = Math.floor(c * DOWN)
    h4 = c - carry * UP
    c = d5 + carry
    carry = Math.floor(c * DOWN)
    h5 = c - carry * UP
    // what wraps from the top is up to 2^35: without the second carry the bound above breaks after some hundred bytes
    h0 += carry * 20
    carry = Math.floor(h0 * DOWN)
    h0 -= carry * UP
    h1 += carry
  }
  return finish([h0, h1, h2, h3, h4, h5], key)
}

/** Reduces h below p = 2^130 - 5 and adds the second half of the key modulo 2^128. */
const finish = (h: number[], key: Uint8Array): Uint8Array => {
  carryAll(h)
  h[0]! += Math.floor(h[5]! / 2 ** 20) * 5
  h[5]! %= 2 ** 20
  carryAll(h)
  const g = [...h]
  g[0]! += 5
  carryAll(g)
  const below = Math.floor(g[5]! / 2 ** 20) === 0 ? 1 : 0
  g[5]! %= 2 ** 20
  const [v0, v1, v2, v3, v4, v5] = h.map((limb, i) => limb * below + g[i]! * (1 - below))
  const words = [
    (v0! | (v1! << 22)) >>> 0,
    ((v1! >>> 10) | (v2! << 12)) >>> 0,
    ((v2! >>> 20) | (v3! << 2) | (v4! << 24)) >>> 0,
    ((v4! >>> 8) | (v5! << 14)) >>> 0,
  ]
  const tag = new Uint8Array(16)
  let carry = 0
  for (let i = 0; i < 4; i++) {
    const sum = words[i]! + (word(key, 16 + 4 * i) >>> 0) + carry
    carry = sum > 0xffff_ffff ? 1 : 0
    tag[4 * i] = sum
    tag[4 * i + 1] = sum >>> 8
    tag[4 * i + 2] = sum >>> 16
    tag[4 * i + 3] = sum >>> 24
  }
  return tag
}

const carryAll = (h: number[]): void => {
  for (let i = 0; i < 5; i++) {
    const carry = Math.floor(h[i]! * DOWN)
    h[i]! -= carry * UP
    h[i + 1]! += carry
  }
}
const word = (b: Uint8Array, at: number): number => b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24)

const MASK = 0x3fffff
const UP = 2 ** 22
const DOWN = 2 ** -22
