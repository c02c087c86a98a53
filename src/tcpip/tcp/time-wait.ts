import type { Millis } from '../../protocol/kernel/machine.ts'
import type { Ip } from '../ip-output.ts'
import type { Connection } from './connection.ts'

/** What is left of a connection that closed here first. One record is reused: whoever needs a field later copies it. */
export interface TimeWait {
  slot: number
  sndNxt: number
  rcvNxt: number
  window: number
  ts: boolean
  /** Our timestamp clock minus `Millis`, and the last one of the peer. */
  tsOffset: number
  tsRecent: number
  /** When the wait began, for the last time. */
  since: Millis
  /** When a stray segment was answered last. */
  answeredAt: Millis
}

/**
 * TIME-WAIT (RFC 9293 §3.6.1): enough of a connection to answer a repeated FIN and to tell an old segment from a new
 * connection, for 60 s after its end. A busy server has thousands of them, so they are columns of typed arrays, less than
 * 100 bytes each: a hash chain leads to a record, a list in order of deadlines to the oldest one.
 */
export interface TimeWaits {
  readonly find: (key: number, local: Ip, remote: Ip, localPort: number, remotePort: number) => TimeWait | undefined
  readonly add: (c: Connection, now: Millis) => void
  /** The peer repeated its FIN: the wait begins anew. */
  readonly renew: (record: TimeWait, now: Millis) => void
  /** A stray segment is answered now. */
  readonly answered: (record: TimeWait, now: Millis) => void
  readonly remove: (record: TimeWait) => void
  readonly expire: (now: Millis) => void
  readonly deadline: () => Millis
  readonly size: () => number
}

export const timeWaits = (): TimeWaits => {
  let capacity = SMALLEST
  let ints = new Int32Array(capacity * INTS)
  let times = new Float64Array(capacity * TIMES)
  let addresses = new Uint8Array(capacity * ADDRESSES)
  let chains = new Int32Array(capacity).fill(NONE)
  let size = 0
  let used = 0
  let free = NONE
  let oldest = NONE
  let newest = NONE
  const found: TimeWait = {
    ...{ slot: NONE, sndNxt: 0, rcvNxt: 0, window: 0, ts: false, tsOffset: 0, tsRecent: 0, since: 0, answeredAt: 0 },
  }

  const chainOf = (key: number): number => (Math.imul(key, MIXER) >>> 8) & (capacity - 1)
  const grow = (): void => {
    capacity *= 2
    const [before, beforeTimes, beforeAddresses] = [ints, times, addresses]
    ints = new Int32Array(capacity * INTS)
    times = new Float64Array(capacity * TIMES)
    addresses = new Uint8Array(capacity * ADDRESSES)
    ints.set(before)
    times.set(beforeTimes)
    addresses.set(beforeAddresses)
    chains = new Int32Array(capacity).fill(NONE)
    for (let slot = oldest; slot !== NONE; slot = ints[slot * INTS + LATER]!) chain(slot)
  }
  const chain = (slot: number): void => {
    const at = chainOf(ints[slot * INTS + KEY]!)
    ints[slot * INTS + SIBLING] = chains[at]!
    chains[at] = slot
  }
  const unchain = (slot: number): void => {
    const at = chainOf(ints[slot * INTS + KEY]!)
    const next = ints[slot * INTS + SIBLING]!
    if (chains[at] === slot) {
      chains[at] = next
      return
    }
    let before = chains[at]!
    while (ints[before * INTS + SIBLING] !== slot) before = ints[before * INTS + SIBLING]!
    ints[before * INTS + SIBLING] = next
  }
  /** Insertion order is the order of the deadlines, as every wait is equally long. */
  const enlist = (slot: number, now: Millis): void => {
    times[slot * TIMES + UNTIL] = now + TIME_WAIT_MS
    ints[slot * INTS + EARLIER] = newest
    ints[slot * INTS + LATER] = NONE
    if (newest === NONE) oldest = slot
    else ints[newest * INTS + LATER] = slot
    newest = slot
  }
  const delist = (slot: number): void => {
    const earlier = ints[slot * INTS + EARLIER]!
    const later = ints[slot * INTS + LATER]!
    if (earlier === NONE) oldest = later
    else ints[earlier * INTS + LATER] = later
    if (later === NONE) newest = earlier
    else ints[later * INTS + EARLIER] = earlier
  }
  const remove = (slot: number): void => {
    unchain(slot)
    delist(slot)
    ints[slot * INTS + LATER] = free
    free = slot
    size--
  }
  const take = (): number => {
    if (free !== NONE) {
      const slot = free
      free = ints[slot * INTS + LATER]!
      return slot
    }
    if (used === capacity) grow()
    return used++
  }
  const isOf = (slot: number, ip: Ip, at: number): boolean => {
    for (let i = 0; i < ip.bytes.length; i++) if (addresses[slot * ADDRESSES + at + i] !== ip.bytes[i]) return false
    return true
  }

  return {
    find: (key, local, remote, localPort, remotePort) => {
      const ports = (localPort << 16) | remotePort
      for (let slot = chains[chainOf(key)]!; slot !== NONE; slot = ints[slot * INTS + SIBLING]!) {
        const i = slot * INTS
        const bits = ints[i + BITS]!
        if (ints[i + KEY] !== key || ints[i + PORTS] !== ports || ((bits & IS_V6) !== 0) !== (local.family === 6))
          continue
        if (!isOf(slot, local, 0) || !isOf(slot, remote, REMOTE)) continue
        found.slot = slot
        found.sndNxt = ints[i + SND_NXT]!
        found.rcvNxt = ints[i + RCV_NXT]!
        found.window = bits & 0xffff
        found.ts = (bits & HAS_TS) !== 0
        found.tsOffset = ints[i + TS_OFFSET]!
        found.tsRecent = ints[i + TS_RECENT]!
        found.since = times[slot * TIMES + UNTIL]! - TIME_WAIT_MS
        found.answeredAt = times[slot * TIMES + ANSWERED]!
        return found
      }
      return undefined
    },
    add: (c, now) => {
      if (size >= MOST) remove(oldest)
      const slot = take()
      const { snd, rcv, ts, flow } = c
      const window = Math.min(0xffff, Math.max(0, (rcv.adv - rcv.nxt) | 0) >>> rcv.scale)
      const bits = window | (ts.on ? HAS_TS : 0) | (flow.local.family === 6 ? IS_V6 : 0)
      ints.set([c.key, (c.localPort << 16) | c.remotePort, snd.nxt, rcv.nxt, bits, ts.offset, ts.recent], slot * INTS)
      addresses.set(flow.local.bytes, slot * ADDRESSES)
      addresses.set(flow.remote.bytes, slot * ADDRESSES + REMOTE)
      times[slot * TIMES + ANSWERED] = -Infinity
      chain(slot)
      enlist(slot, now)
      size++
    },
    renew: ({ slot }, now) => {
      delist(slot)
      enlist(slot, now)
    },
    answered: ({ slot }, now) => {
      times[slot * TIMES + ANSWERED] = now
    },
    remove: ({ slot }) => remove(slot),
    expire: (now) => {
      while (oldest !== NONE && times[oldest * TIMES + UNTIL]! <= now) remove(oldest)
    },
    deadline: () => (oldest === NONE ? Infinity : times[oldest * TIMES + UNTIL]!),
    size: () => size,
  }
}

/** Twice the maximum segment lifetime of 30 s. */
export const TIME_WAIT_MS = 60_000
const MOST = 16_384
const SMALLEST = 64
const NONE = -1
/** Columns of a record: numbers, links of the list and of the hash chain. */
const [KEY, PORTS, SND_NXT, RCV_NXT, BITS, TS_OFFSET, TS_RECENT, EARLIER, LATER, SIBLING] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
]
const INTS = 10
const [UNTIL, ANSWERED] = [0, 1]
const TIMES = 2
/** Both addresses, IPv4 in the first four bytes of its place. */
const REMOTE = 16
const ADDRESSES = 32
const HAS_TS = 0x1_0000
const IS_V6 = 0x2_0000
const MIXER = 0x9e37_79b1 | 0
