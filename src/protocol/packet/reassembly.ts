/**
 * Puts fragmented packets together again (`docs/protocol/vl1.md`, fragmentation).
 *
 * A ring of 32 packets under assembly, found by packet ID alone. Where it is full, the oldest of whoever has begun most of
 * them gives way: pieces without end from one place cost nobody else a packet. Pieces come in any order, the first copy
 * of each is kept, the latest word on how many there are holds. Nothing here is authenticated: the assembled packet still
 * has to prove itself, and it came by the path, and with the hops, of its head.
 */
import type { Via } from '../datagram.ts'
import type { Millis } from '../kernel/machine.ts'
import { isPlausibleFragment, numberOf, piecesOf } from './fragment.ts'
import { FRAGMENT_HEADER, MAX_PACKET, packetIdHigh, packetIdLow } from './header.ts'

interface Slot {
  high: number
  low: number
  /** When the first piece came; `-Infinity` in a free slot. */
  since: Millis
  /** Bit n: piece n is here; bit 0 is the head. */
  held: number
  /** 0 until a fragment tells. */
  pieces: number
  size: number
  /** How its first piece came, and how its head did. */
  from: Via | undefined
  via: Via | undefined
  readonly parts: (Uint8Array | undefined)[]
}

/** Mutable, one per node. */
export interface Reassembly {
  readonly slots: readonly Slot[]
  next: number
}

export type Assembly =
  /** `lost`: an unfinished packet gave way to this one, and why. */
  | { readonly _tag: 'Waiting'; readonly lost: 'queue-full' | 'expired' | undefined }
  /** One new buffer; `via` is how the head came. */
  | { readonly _tag: 'Assembled'; readonly packet: Uint8Array; readonly via: Via }
  | { readonly _tag: 'Refused'; readonly reason: 'bad-fragment' | 'oversized' }

export const reassembly = (): Reassembly => ({ slots: Array.from({ length: SLOTS }, slot), next: 0 })

/** Takes a packet whose header says that fragments follow. */
export const addHead = (r: Reassembly, head: Uint8Array, via: Via, now: Millis): Assembly =>
  add(r, head, head, 0, 0, via, true, now)

/** Takes a fragment. */
export const addFragment = (r: Reassembly, fragment: Uint8Array, via: Via, now: Millis): Assembly =>
  isPlausibleFragment(fragment)
    ? add(r, fragment, fragment.subarray(FRAGMENT_HEADER), numberOf(fragment), piecesOf(fragment), via, false, now)
    : BAD

/** Gives up what has waited for 5 s, and says how many packets that were. */
export const expire = (r: Reassembly, now: Millis): number => {
  let lost = 0
  for (const one of r.slots)
    if (one.held !== 0 && now - one.since >= PATIENCE) {
      clear(one)
      lost++
    }
  return lost
}

/** When `expire` next has something to do. */
export const expiryOf = (r: Reassembly): Millis => {
  let oldest = Infinity
  for (const one of r.slots) if (one.held !== 0 && one.since < oldest) oldest = one.since
  return oldest + PATIENCE
}

const add = (
  r: Reassembly,
  datagram: Uint8Array,
  part: Uint8Array,
  number: number,
  pieces: number,
  via: Via,
  isHead: boolean,
  now: Millis,
): Assembly => {
  const high = packetIdHigh(datagram)
  const low = packetIdLow(datagram)
  let into = find(r, high, low)
  let answer = WAITING
  if (into === undefined || now - into.since >= PATIENCE) {
    into ??= take(r, now)
    if (into.held !== 0) answer = now - into.since >= PATIENCE ? IN_PLACE_OF_EXPIRED : IN_PLACE_OF_ANOTHER
    clear(into)
    into.high = high
    into.low = low
    into.since = now
    into.from = via
  }
  if (pieces !== 0) into.pieces = pieces
  if ((into.held & (1 << number)) === 0) {
    into.held |= 1 << number
    into.parts[number] = part
    into.size += part.length
    if (isHead) into.via = via
    if (into.size > MAX_PACKET) {
      clear(into)
      return OVERSIZED
    }
  }
  const all = (1 << into.pieces) - 1
  if (into.pieces === 0 || (into.held & all) !== all) return answer
  return { _tag: 'Assembled', via: into.via!, packet: join(into) }
}

/** Newest first: the pieces of a packet usually come one after another. */
const find = (r: Reassembly, high: number, low: number): Slot | undefined => {
  for (let i = 1; i <= SLOTS; i++) {
    const one = r.slots[(r.next - i + SLOTS) % SLOTS]!
    if (one.low === low && one.high === high && one.held !== 0) return one
  }
  return undefined
}

/** The next slot that is free or has waited for too long; if there is none, that of whoever has to give way. */
const take = (r: Reassembly, now: Millis): Slot => {
  let chosen: Slot | undefined
  for (let i = 0; i < SLOTS && chosen === undefined; i++) {
    const one = r.slots[(r.next + i) % SLOTS]!
    if (one.held === 0 || now - one.since >= PATIENCE) chosen = one
  }
  chosen ??= victim(r.slots)
  r.next = (r.slots.indexOf(chosen) + 1) % SLOTS
  return chosen
}

const victim = (slots: readonly Slot[]): Slot => {
  const begun = new Map<Via | undefined, number>()
  for (const { from } of slots) begun.set(from, (begun.get(from) ?? 0) + 1)
  return slots.reduce((a, b) => {
    const more = begun.get(b.from)! - begun.get(a.from)!
    return more > 0 || (more === 0 && b.since < a.since) ? b : a
  })
}

const join = (from: Slot): Uint8Array => {
  let size = 0
  for (let i = 0; i < from.pieces; i++) size += from.parts[i]!.length
  const packet = new Uint8Array(size)
  for (let i = 0, at = 0; i < from.pieces; i++) {
    packet.set(from.parts[i]!, at)
    at += from.parts[i]!.length
  }
  clear(from)
  return packet
}

const slot = (): Slot => ({
  high: 0,
  low: 0,
  since: -Infinity,
  held: 0,
  pieces: 0,
  size: 0,
  from: undefined,
  via: undefined,
  parts: [undefined, undefined, undefined, undefined, undefined, undefined, undefined],
})

const clear = (one: Slot): void => {
  one.held = 0
  one.pieces = 0
  one.size = 0
  one.from = undefined
  one.via = undefined
  one.parts.fill(undefined)
}

const WAITING: Assembly = { _tag: 'Waiting', lost: undefined }
const IN_PLACE_OF_ANOTHER: Assembly = { _tag: 'Waiting', lost: 'queue-full' }
const IN_PLACE_OF_EXPIRED: Assembly = { _tag: 'Waiting', lost: 'expired' }
const BAD: Assembly = { _tag: 'Refused', reason: 'bad-fragment' }
const OVERSIZED: Assembly = { _tag: 'Refused', reason: 'oversized' }
/** Packets under assembly at once. */
const SLOTS = 32
/** How long pieces wait for the others. */
const PATIENCE: Millis = 5_000
