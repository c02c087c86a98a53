import { badField, short, type WireError } from './error.ts'
import { E } from './fp.ts'
import { readU40, readU48, writeU40, writeU48 } from './id.ts'

/** A cursor over received bytes. Values read from it are views into `bytes`, never copies. */
export interface Reader {
  readonly bytes: Uint8Array
  at: number
  readonly end: number
}
export const reader = (bytes: Uint8Array, at = 0, end = bytes.length): Reader => ({ bytes, at, end })
export const remaining = (r: Reader): number => r.end - r.at

/** Bytes being written: grows by doubling, `written` gives the exact slice. */
export interface Writer {
  bytes: Uint8Array
  at: number
}
/** `headroom` bytes are left blank in front, for a header that a lower layer writes in place. */
export const writer = (capacity = 256, headroom = 0): Writer => ({
  bytes: new Uint8Array(headroom + capacity),
  at: headroom,
})
export const written = (w: Writer): Uint8Array => w.bytes.subarray(0, w.at)
/** Makes room for `n` more bytes and returns where they go. */
export const reserve = (w: Writer, n: number): number => {
  const at = w.at
  w.at += n
  if (w.at > w.bytes.length) {
    const grown = new Uint8Array(Math.max(w.at, w.bytes.length * 2))
    grown.set(w.bytes.subarray(0, at))
    w.bytes = grown
  }
  return at
}

/**
 * One description of a layout, for both directions. `read` moves the cursor and never throws; `write` appends.
 * Bytes after the last field are ignored by readers, as the protocol demands.
 */
export interface Codec<A> {
  readonly read: (r: Reader) => E.Either<WireError, A>
  readonly write: (w: Writer, value: A) => void
}
export type TypeOf<C> = C extends Codec<infer A> ? A : never

export const decode = <A>(codec: Codec<A>, bytes: Uint8Array, at = 0): E.Either<WireError, A> =>
  codec.read(reader(bytes, at))
export const encode = <A>(codec: Codec<A>, value: A): Uint8Array => {
  const w = writer()
  codec.write(w, value)
  return written(w)
}

const fixed = <A>(
  size: number,
  get: (b: Uint8Array, at: number) => A,
  set: (b: Uint8Array, at: number, value: A) => void,
): Codec<A> => ({
  read: (r) => {
    if (r.end - r.at < size) return E.left(short(r.at, size - (r.end - r.at)))
    const value = get(r.bytes, r.at)
    r.at += size
    return E.right(value)
  },
  write: (w, value) => {
    const at = reserve(w, size)
    set(w.bytes, at, value)
  },
})

export const readU16 = (b: Uint8Array, at: number): number => (b[at]! << 8) | b[at + 1]!
export const readU32 = (b: Uint8Array, at: number): number =>
  ((b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!) >>> 0
export const readU64 = (b: Uint8Array, at: number): bigint =>
  (BigInt(readU32(b, at)) << 32n) | BigInt(readU32(b, at + 4))
export const writeU16 = (b: Uint8Array, at: number, value: number): void => {
  b[at] = value >>> 8
  b[at + 1] = value
}
export const writeU32 = (b: Uint8Array, at: number, value: number): void => {
  b[at] = value >>> 24
  b[at + 1] = value >>> 16
  b[at + 2] = value >>> 8
  b[at + 3] = value
}
export const writeU64 = (b: Uint8Array, at: number, value: bigint): void => {
  writeU32(b, at, Number((value >> 32n) & 0xffff_ffffn))
  writeU32(b, at + 4, Number(value & 0xffff_ffffn))
}

export const u8: Codec<number> = fixed(
  1,
  (b, at) => b[at]!,
  (b, at, v) => {
    b[at] = v
  },
)
export const u16: Codec<number> = fixed(2, readU16, writeU16)
export const u32: Codec<number> = fixed(4, readU32, writeU32)
export const u40: Codec<number> = fixed(5, readU40, writeU40)
export const u48: Codec<number> = fixed(6, readU48, writeU48)
export const u64: Codec<bigint> = fixed(8, readU64, writeU64)
export const i64: Codec<bigint> = fixed(
  8,
  (b, at) => BigInt.asIntN(64, readU64(b, at)),
  (b, at, v) => writeU64(b, at, BigInt.asUintN(64, v)),
)

/** Exactly `n` bytes, as a view. Writing fewer pads with zero, writing more cuts. */
export const bytes = (n: number): Codec<Uint8Array> =>
  fixed(
    n,
    (b, at) => b.subarray(at, at + n),
    (b, at, v) => b.set(v.length > n ? v.subarray(0, n) : v, at),
  )

/** Everything up to the end of the input, as a view. */
export const rest: Codec<Uint8Array> = {
  read: (r) => {
    const value = r.bytes.subarray(r.at, r.end)
    r.at = r.end
    return E.right(value)
  },
  write: (w, value) => {
    const at = reserve(w, value.length)
    w.bytes.set(value, at)
  },
}

/** A length, then that many bytes. Where only some lengths exist, `allowed` names them. */
export const sized = (length: Codec<number>, name: string, allowed?: ReadonlySet<number>): Codec<Uint8Array> => ({
  read: (r) => {
    const n = length.read(r)
    if (n._tag === 'Left') return n
    if (allowed !== undefined && !allowed.has(n.right)) return E.left(badField(name, n.right))
    if (r.end - r.at < n.right) return E.left(short(r.at, n.right - (r.end - r.at)))
    const value = r.bytes.subarray(r.at, r.at + n.right)
    r.at += n.right
    return E.right(value)
  },
  write: (w, value) => {
    length.write(w, value.length)
    const at = reserve(w, value.length)
    w.bytes.set(value, at)
  },
})

// biome-ignore lint/suspicious/noExplicitAny: the only type that every Codec<A> is assignable to, A being invariant
type AnyCodec = Codec<any>

/** Named fields, one after another. */
export const struct = <F extends Record<string, AnyCodec>>(
  fields: F,
): Codec<{ readonly [K in keyof F]: TypeOf<F[K]> }> => {
  const entries: readonly (readonly [string, AnyCodec])[] = Object.entries(fields)
  return {
    read: (r) => {
      const value: Record<string, unknown> = {}
      for (const [name, codec] of entries) {
        const field = codec.read(r)
        if (field._tag === 'Left') return field
        value[name] = field.right
      }
      return E.right(value as { readonly [K in keyof F]: TypeOf<F[K]> })
    },
    write: (w, value) => {
      for (const [name, codec] of entries) codec.write(w, value[name as keyof F])
    },
  }
}

/** A count, then that many items; more than `most` is refused before anything is read. */
export const counted = <A>(count: Codec<number>, item: Codec<A>, name: string, most: number): Codec<readonly A[]> => ({
  read: (r) => {
    const n = count.read(r)
    if (n._tag === 'Left') return n
    if (n.right > most) return E.left(badField(name, n.right))
    const items: A[] = []
    for (let i = 0; i < n.right; i++) {
      const one = item.read(r)
      if (one._tag === 'Left') return one
      items.push(one.right)
    }
    return E.right(items)
  },
  write: (w, items) => {
    count.write(w, items.length)
    for (const one of items) item.write(w, one)
  },
})

/** Items up to the end of the input. */
export const many = <A>(item: Codec<A>): Codec<readonly A[]> => ({
  read: (r) => {
    const items: A[] = []
    while (r.at < r.end) {
      const one = item.read(r)
      if (one._tag === 'Left') return one
      items.push(one.right)
    }
    return E.right(items)
  },
  write: (w, items) => {
    for (const one of items) item.write(w, one)
  },
})

/** The same bytes seen as another type; `to` may refuse. */
export const mapped = <A, B>(codec: Codec<A>, to: (a: A) => E.Either<WireError, B>, from: (b: B) => A): Codec<B> => ({
  read: (r) => {
    const a = codec.read(r)
    return a._tag === 'Left' ? a : to(a.right)
  },
  write: (w, value) => codec.write(w, from(value)),
})
/** The same bytes under a branded type: a brand is nothing but this claim, and codecs are invariant in what they carry. */
export const branded = <A, B extends A>(codec: Codec<A>): Codec<B> => codec as unknown as Codec<B>

/** A number that can only be one of a few. */
export const oneOf = <N extends number>(codec: Codec<number>, name: string, allowed: readonly N[]): Codec<N> =>
  mapped(
    codec,
    (n) => (allowed.includes(n as N) ? E.right(n as N) : E.left(badField(name, n))),
    (n) => n,
  )
