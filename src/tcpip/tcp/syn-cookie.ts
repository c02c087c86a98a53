import type { Millis } from '../../protocol/kernel/machine.ts'
import type { Ip } from '../ip-output.ts'
import { wordsOf } from '../port.ts'
import type { SipHash } from '../siphash.ts'
import type { Segment } from './segment.ts'

/**
 * SYN cookies (RFC 4987 §3.6): while a listener has no room for another half-open connection, what would have to be
 * remembered of a SYN rides in the sequence number of the answer, and what a number cannot hold in its timestamp.
 *
 *     sequence   minute:5  mss:3  keyed hash of addresses, ports, peer's sequence number, minute and mss:24
 *     timestamp  clock:26  sack:1  spare:1  scale:4 (15: none)
 */
export interface Cookie {
  readonly iss: number
  /** What our timestamp says, for a peer that sent one. */
  readonly tsValue: number
}

/** What a valid cookie says of the SYN it answered. */
export interface Remembered {
  readonly mss: number
  readonly sackPermitted: boolean
  /** −1: not offered. */
  readonly scale: number
}

/** Whom the SYN was from and for, as the words that are hashed. */
export const wordsOfEnds = (local: Ip, remote: Ip, localPort: number, remotePort: number): readonly number[] => [
  ...wordsOf(local),
  ...wordsOf(remote),
  (localPort << 16) | remotePort,
]

/** Cookie for the SYN `s`; `undefined` if its segments are too small to be remembered. `clock` is our timestamp now. */
export const bake = (
  hash: SipHash,
  ends: readonly number[],
  s: Segment,
  offered: number,
  clock: number,
  now: Millis,
): Cookie | undefined => {
  let index = SIZES.length - 1
  while (index >= 0 && SIZES[index]! > offered) index--
  if (index < 0) return undefined
  const minute = minuteOf(now)
  const low = (s.sackPermitted ? SACK_BIT : 0) | (s.scale >= 0 ? Math.min(14, s.scale) : NO_SCALE)
  let tsValue = (clock & ~OPTION_BITS) | low
  // later timestamps must not be smaller than this one
  if (((tsValue - clock) | 0) > 0) tsValue = (tsValue - OPTION_BITS - 1) | 0
  return { iss: compose(hash, ends, s.seq, minute, index), tsValue }
}

/** What the ACK `s` proves to be remembered of its SYN; `undefined` if it answers no cookie of the last two minutes. */
export const taste = (hash: SipHash, ends: readonly number[], s: Segment, now: Millis): Remembered | undefined => {
  const cookie = (s.ack - 1) | 0
  const age = (minuteOf(now) - (cookie >>> 27)) & MINUTES
  if (age > OLDEST) return undefined
  const index = (cookie >>> 24) & 7
  if (cookie !== compose(hash, ends, (s.seq - 1) | 0, minuteOf(now) - age, index)) return undefined
  const low = s.timestamps ? s.tsEcho & OPTION_BITS : NO_SCALE
  const scale = low & NO_SCALE
  return { mss: SIZES[index]!, sackPermitted: (low & SACK_BIT) !== 0, scale: scale === NO_SCALE ? -1 : scale }
}

const compose = (hash: SipHash, ends: readonly number[], seq: number, minute: number, index: number): number =>
  ((minute & MINUTES) << 27) | (index << 24) | (hash(...ends, seq, minute, index, COOKIE) & 0xff_ffff)

const minuteOf = (now: Millis): number => Math.floor(now / MINUTE)

/** Cookies are believed for so long after the last one was given. */
export const COOKIES_LIVE = 128_000
const MINUTE = 64_000
const MINUTES = 31
const OLDEST = 2
/** Common sizes, with those of a ZeroTier network; the largest that the peer takes is remembered. */
const SIZES = [536, 1220, 1360, 1400, 1440, 1460, 2740, 2760]
const OPTION_BITS = 0x3f
const SACK_BIT = 0x20
const NO_SCALE = 0x0f
/** Tells these hashes from those of sequence numbers and timestamps. */
const COOKIE = 2
