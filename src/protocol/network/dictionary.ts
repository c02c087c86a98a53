import { readU64, writeU64 } from '../kernel/codec.ts'
import { type Address, printAddress } from '../kernel/id.ts'

/**
 * The text format of configurations and request metadata (`docs/protocol/vl2.md` §3): lines of `key=value`, LF between
 * them, `\0 \r \n \\ \e` for NUL, CR, LF, backslash and `=` in values. The first of duplicate keys wins.
 *
 * A dictionary in memory maps keys to raw value bytes. Keys are ASCII.
 */
export type Dictionary = ReadonlyMap<string, Uint8Array>

/** Reads anything: what is no `key=value` line is skipped, the first NUL ends the input. */
export const parseDictionary = (bytes: Uint8Array): Dictionary => {
  const out = new Map<string, Uint8Array>()
  const nul = bytes.indexOf(0)
  const end = nul < 0 ? bytes.length : nul
  for (let at = 0; at < end; ) {
    let lineEnd = at
    while (lineEnd < end && bytes[lineEnd] !== LF && bytes[lineEnd] !== CR) lineEnd++
    const line = bytes.subarray(at, lineEnd)
    const equals = line.indexOf(EQUALS)
    if (equals >= 0) {
      const key = latin1(line.subarray(0, equals))
      if (!out.has(key)) out.set(key, unescaped(line.subarray(equals + 1)))
    }
    at = lineEnd + 1
  }
  return out
}

/** The lines in the order given, no LF at the end. */
export const printDictionary = (entries: Iterable<readonly [key: string, value: Uint8Array]>): Uint8Array => {
  const lines = [...entries]
  const out = new Uint8Array(lines.reduce((most, [key, value]) => most + key.length + 2 + 2 * value.length, 0))
  let at = 0
  for (const [key, value] of lines) {
    if (at > 0) out[at++] = LF
    for (let i = 0; i < key.length; i++) out[at++] = key.charCodeAt(i)
    out[at++] = EQUALS
    for (let i = 0; i < value.length; i++) {
      const byte = value[i]!
      const letter = byte <= LAST_ESCAPED ? escapes.get(byte) : undefined
      if (letter !== undefined) out[at++] = BACKSLASH
      out[at++] = letter ?? byte
    }
  }
  return out.slice(0, at)
}

/** An unsigned 64-bit number in hex, read as C's `strtoull` does: saturating, zero where there is no number. */
export const unsigned = (dictionary: Dictionary, key: string, otherwise = 0n): bigint => {
  const found = hexNumber(dictionary.get(key))
  if (found === undefined) return otherwise
  if (found.magnitude > MAX_U64) return MAX_U64
  return BigInt.asUintN(64, found.negative ? -found.magnitude : found.magnitude)
}

/** A signed 64-bit number in hex, read as C's `strtoll` does. */
export const signed = (dictionary: Dictionary, key: string, otherwise = 0n): bigint => {
  const found = hexNumber(dictionary.get(key))
  if (found === undefined) return otherwise
  const value = found.negative ? -found.magnitude : found.magnitude
  return value > MAX_I64 ? MAX_I64 : value < MIN_I64 ? MIN_I64 : value
}

export const truth = (dictionary: Dictionary, key: string, otherwise = false): boolean => {
  const value = dictionary.get(key)
  if (value === undefined) return otherwise
  return value[0] === 0x31 || value[0] === 0x74 || value[0] === 0x54
}

/** UTF-8, at most `most` bytes of it, up to the first NUL. */
export const text = (dictionary: Dictionary, key: string, most: number, otherwise = ''): string => {
  const value = dictionary.get(key)
  if (value === undefined) return otherwise
  const nul = value.indexOf(0)
  return new TextDecoder().decode(value.subarray(0, Math.min(nul < 0 ? value.length : nul, most)))
}

export const unsignedValue = (value: bigint): Uint8Array =>
  ascii(BigInt.asUintN(64, value).toString(16).padStart(16, '0'))
/** Negative numbers lose their sign, as in every deployed node; none occurs in practice. */
export const signedValue = (value: bigint): Uint8Array => unsignedValue(value < 0n ? -value : value)
export const truthValue = (value: boolean): Uint8Array => ascii(value ? '1' : '0')
export const addressValue = (value: Address): Uint8Array => ascii(printAddress(value))
export const textValue = (value: string): Uint8Array => new TextEncoder().encode(value)
/** The raw bytes of a list of 64-bit words. */
export const wordsValue = (words: readonly bigint[]): Uint8Array => {
  const out = new Uint8Array(8 * words.length)
  for (let i = 0; i < words.length; i++) writeU64(out, 8 * i, words[i]!)
  return out
}
/** The 64-bit words of a value; a trailing part of one is ignored. */
export const words = (value: Uint8Array | undefined, most: number): readonly bigint[] => {
  const out: bigint[] = []
  for (let at = 0; value !== undefined && at + 8 <= value.length && out.length < most; at += 8)
    out.push(readU64(value, at))
  return out
}

const unescaped = (value: Uint8Array): Uint8Array => {
  if (!value.includes(BACKSLASH)) return value
  const out = new Uint8Array(value.length)
  let length = 0
  for (let i = 0; i < value.length; i++) {
    let byte = value[i]!
    if (byte === BACKSLASH) {
      if (++i === value.length) break
      byte = unescapes.get(value[i]!) ?? value[i]!
    }
    out[length++] = byte
  }
  return out.subarray(0, length)
}

const hexNumber = (value: Uint8Array | undefined): { negative: boolean; magnitude: bigint } | undefined => {
  if (value === undefined || value.length === 0) return undefined
  const match = /^[ \t\n\v\f\r]*([+-]?)(?:0[xX](?=[0-9a-fA-F]))?([0-9a-fA-F]*)/.exec(
    latin1(value.subarray(0, MAX_NUMBER)),
  )
  const digits = match?.[2] ?? ''
  return { negative: match?.[1] === '-', magnitude: digits === '' ? 0n : BigInt(`0x${digits}`) }
}

const latin1 = (bytes: Uint8Array): string => {
  let out = ''
  for (const byte of bytes) out += String.fromCharCode(byte)
  return out
}
const ascii = (value: string): Uint8Array => {
  const out = new Uint8Array(value.length)
  for (let i = 0; i < value.length; i++) out[i] = value.charCodeAt(i)
  return out
}

const LF = 0x0a
const CR = 0x0d
const EQUALS = 0x3d
const BACKSLASH = 0x5c
const escapes: ReadonlyMap<number, number> = new Map([
  [0x00, 0x30],
  [CR, 0x72],
  [LF, 0x6e],
  [BACKSLASH, BACKSLASH],
  [EQUALS, 0x65],
])
const LAST_ESCAPED = BACKSLASH
const unescapes: ReadonlyMap<number, number> = new Map([...escapes].map(([byte, letter]) => [letter, byte]))
const MAX_NUMBER = 127
const MAX_U64 = 0xffff_ffff_ffff_ffffn
const MAX_I64 = 0x7fff_ffff_ffff_ffffn
const MIN_I64 = -0x8000_0000_0000_0000n
