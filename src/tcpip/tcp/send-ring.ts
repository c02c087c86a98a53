/**
 * The bytes written and not yet acknowledged: a ring whose size is a power of two, so that a byte's place is its
 * sequence number masked, through every wrap of sequence space. Grows by doubling, holds nothing while empty.
 */
export interface SendRing {
  bytes: Uint8Array
}
export const sendRing = (): SendRing => ({ bytes: NO_BYTES })

/** Makes room for `needed` bytes in all, keeping those of `from` … `to`. */
export const ensure = (ring: SendRing, from: number, to: number, needed: number): void => {
  if (needed <= ring.bytes.length) return
  let size = Math.max(SMALLEST, ring.bytes.length)
  while (size < needed) size *= 2
  const old = ring.bytes
  ring.bytes = (size === SMALLEST ? spare.pop() : undefined) ?? new Uint8Array(size)
  const length = (to - from) | 0
  if (length <= 0) return
  const kept = new Uint8Array(length)
  copyOut(old, from, kept, 0, length)
  put(ring, from, kept)
}

/** Copies `data` to its place at `seq`. */
export const put = (ring: SendRing, seq: number, data: Uint8Array): void => {
  const size = ring.bytes.length
  const at = seq & (size - 1)
  if (at + data.length <= size) ring.bytes.set(data, at)
  else {
    ring.bytes.set(data.subarray(0, size - at), at)
    ring.bytes.set(data.subarray(size - at), 0)
  }
}

/** Copies `length` bytes from `seq` on into `area` at `to`. */
export const take = (ring: SendRing, seq: number, area: Uint8Array, to: number, length: number): void =>
  copyOut(ring.bytes, seq, area, to, length)

const copyOut = (from: Uint8Array, seq: number, area: Uint8Array, to: number, length: number): void => {
  const size = from.length
  const at = seq & (size - 1)
  if (at + length <= size) area.set(from.subarray(at, at + length), to)
  else {
    area.set(from.subarray(at), to)
    area.set(from.subarray(0, at + length - size), to + size - at)
  }
}

/** Gives the memory back; that of small writes to whoever writes next. */
export const release = (ring: SendRing): void => {
  if (ring.bytes.length === SMALLEST && spare.length < MOST_SPARE) spare.push(ring.bytes)
  ring.bytes = NO_BYTES
}

const SMALLEST = 2048
/** Rings of the smallest size that wait for a writer, of all connections. */
const MOST_SPARE = 64
const spare: Uint8Array[] = []
const NO_BYTES = new Uint8Array(0)
