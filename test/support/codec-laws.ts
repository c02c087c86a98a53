import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Codec, decode, encode, reader } from '../../src/protocol/kernel/codec.ts'
import { E } from '../../src/protocol/kernel/fp.ts'
import { hex, unhex } from './checker.ts'

/** A value and the bytes that are it. */
export interface Golden<A> {
  readonly says: string
  readonly value: A
  readonly bytes: string
  /** The leading bytes without which nothing can be read; all of them unless told otherwise. */
  readonly needs?: number
}

/**
 * What every codec must do: golden bytes both ways, `Short` for what is cut off, the field's name for what is refused,
 * no throw whatever comes, and the same value again after what was read is written.
 */
export const itIsACodec = <A>(
  codec: Codec<A>,
  golden: readonly Golden<A>[],
  refused: readonly { readonly field: string; readonly bytes: string }[] = [],
): void => {
  it.each(golden)('writes $says', ({ value, bytes }) => {
    expect(hex(encode(codec, value))).toBe(bytes)
  })
  it.each(golden)('reads $says', ({ value, bytes }) => {
    expect(decode(codec, unhex(bytes))).toEqual(E.right(value))
  })
  it.each(golden)('reads $says in the middle of a packet as well', ({ value, bytes }) => {
    const r = reader(unhex(`ffff${bytes}eeee`), 2, 2 + bytes.length / 2)
    expect(codec.read(r)).toEqual(E.right(value))
    expect(r.at).toBe(r.end)
  })
  it.each(golden)('finds every truncation of $says short', ({ bytes, needs = bytes.length / 2 }) => {
    for (let n = 0; n < needs; n++)
      expect(decode(codec, unhex(bytes).subarray(0, n))).toMatchObject(E.left({ _tag: 'Short' }))
  })
  if (refused.length > 0)
    it.each(refused)('refuses $bytes for its $field', ({ field, bytes }) => {
      expect(decode(codec, unhex(bytes))).toMatchObject(E.left({ _tag: 'BadField', field }))
    })
  it('never throws, and reads again what it writes', () => {
    const spoiled = fc
      .tuple(fc.constantFrom(...golden), fc.nat(), fc.nat(255), fc.nat())
      .map(([{ bytes }, at, value, cut]) => {
        const b = unhex(bytes)
        if (b.length > 0) b[at % b.length] = value
        return b.subarray(0, cut % (2 * b.length + 1))
      })
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), spoiled), (bytes) => {
        const r = reader(bytes)
        const found = codec.read(r)
        expect(r.at).toBeLessThanOrEqual(r.end)
        if (E.isRight(found)) expect(decode(codec, encode(codec, found.right))).toEqual(found)
      }),
    )
  })
}
