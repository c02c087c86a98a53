/**
 * What was sent and is not yet acknowledged: a ring of records in two typed arrays, oldest first. A record is rewritten
 * whole at each transmission, and holds what the delivery rate needs (`docs/protocol` congestion notes: a snapshot of
 * the connection at the moment the segment left).
 *
 * Through the ring runs a list of those that are in flight (`OUT`, not `SACKED`) in the order in which they were sent,
 * so that what may be lost is found without passing all that has arrived behind a hole (RFC 8985 §6.2 asks for it).
 */
export interface SendQueue {
  /** `WIDTH` numbers a record, see `SEQ` and those behind it. */
  ints: Int32Array
  /** `WIDE` numbers a record: sentAt, firstSentAt, deliveredAt, delivered, lost, queueLost. */
  reals: Float64Array
  /** Room for records, less one: rooms are powers of two. */
  mask: number
  head: number
  count: number
  /** Slots of those longest and shortest in flight, or `NONE`. */
  first: number
  last: number
}

export const sendQueue = (): SendQueue => ({ ...EMPTY })

/** Index of the i-th oldest record, to be multiplied by `WIDTH` or `WIDE`. */
export const slotOf = (q: SendQueue, i: number): number => (q.head + i) & q.mask
/** Which oldest record lies there: the other way round. */
export const positionOf = (q: SendQueue, slot: number): number => (slot - q.head) & q.mask

/** Whichever was sent next after this one and is in flight too. */
export const laterOf = (q: SendQueue, slot: number): number => q.ints[slot * WIDTH + LATER]!

/** The record in `slot` is sent, and is the latest in flight. */
export const join = (q: SendQueue, slot: number): void => {
  part(q, slot)
  q.ints[slot * WIDTH + EARLIER] = q.last
  q.ints[slot * WIDTH + LATER] = NONE
  if (q.last === NONE) q.first = slot
  else q.ints[q.last * WIDTH + LATER] = slot
  q.last = slot
}

/** The record in `slot` is in flight no more, if it was. */
export const part = (q: SendQueue, slot: number): void => {
  const i = slot * WIDTH
  const earlier = q.ints[i + EARLIER]!
  if (earlier === APART) return
  const later = q.ints[i + LATER]!
  if (earlier === NONE) q.first = later
  else q.ints[earlier * WIDTH + LATER] = later
  if (later === NONE) q.last = earlier
  else q.ints[later * WIDTH + EARLIER] = earlier
  q.ints[i + EARLIER] = APART
}

/** Many changed at once, as flags and order say: the list is made anew. */
export const rejoin = (q: SendQueue): void => {
  const flying: number[] = []
  for (let n = 0; n < q.count; n++) {
    const slot = slotOf(q, n)
    q.ints[slot * WIDTH + EARLIER] = APART
    if ((q.ints[slot * WIDTH + FLAGS]! & (OUT | SACKED)) === OUT) flying.push(slot)
  }
  q.first = NONE
  q.last = NONE
  flying.sort((a, b) => (q.ints[a * WIDTH + ORDER]! - q.ints[b * WIDTH + ORDER]!) | 0)
  for (const slot of flying) join(q, slot)
}

/** Appends a blank record for `seq`…`end` and returns its slot. */
export const append = (q: SendQueue, seq: number, end: number): number => {
  if (q.count > q.mask) grow(q)
  const slot = slotOf(q, q.count++)
  const i = slot * WIDTH
  q.ints[i + SEQ] = seq
  q.ints[i + END] = end
  q.ints[i + FLAGS] = 0
  q.ints[i + FLIGHT] = 0
  q.ints[i + EARLIER] = APART
  return slot
}

export const dropOldest = (q: SendQueue): void => {
  part(q, q.head)
  q.head = slotOf(q, 1)
  q.count--
}

export const clear = (q: SendQueue): void => {
  q.count = 0
  q.head = 0
  q.first = NONE
  q.last = NONE
}

/** Nothing is out any more: what an idle connection would keep serves the next busy one, itself perhaps. */
export const release = (q: SendQueue): void => {
  const { ints, reals } = q
  const records = q.mask + 1
  clear(q)
  q.ints = EMPTY.ints
  q.reals = EMPTY.reals
  q.mask = EMPTY.mask
  if (records === 0 || spare.length >= MOST_SPARE || spareRecords + records > MOST_SPARE_RECORDS) return
  spare.push({ ints, reals })
  spareRecords += records
}

/** Position (0 … count) of the first record whose end lies after `seq`: records are sorted and do not overlap. */
export const find = (q: SendQueue, seq: number): number => {
  let low = 0
  let high = q.count
  while (low < high) {
    const middle = (low + high) >>> 1
    if (((q.ints[slotOf(q, middle) * WIDTH + END]! - seq) | 0) > 0) high = middle
    else low = middle + 1
  }
  return low
}

/** Cuts every record longer than `most` bytes into several with the same history (the path got narrower). */
export const recut = (q: SendQueue, most: number): void => {
  const old = { ...q }
  q.ints = new Int32Array(q.ints.length)
  q.reals = new Float64Array(q.reals.length)
  clear(q)
  for (let n = 0; n < old.count; n++) {
    const from = slotOf(old, n)
    const end = old.ints[from * WIDTH + END]!
    let seq = old.ints[from * WIDTH + SEQ]!
    while (((end - seq) | 0) > 0) {
      const next = ((end - seq) | 0) > most ? (seq + most) | 0 : end
      const slot = append(q, seq, next)
      q.ints[slot * WIDTH + FLAGS] = old.ints[from * WIDTH + FLAGS]!
      q.ints[slot * WIDTH + FLIGHT] = old.ints[from * WIDTH + FLIGHT]!
      q.ints[slot * WIDTH + ORDER] = old.ints[from * WIDTH + ORDER]!
      for (let k = 0; k < WIDE; k++) q.reals[slot * WIDE + k] = old.reals[from * WIDE + k]!
      seq = next
    }
  }
  rejoin(q)
}

const grow = (q: SendQueue): void => {
  const kept = q.count === 0 ? spare.pop() : undefined
  if (kept !== undefined) {
    q.ints = kept.ints
    q.reals = kept.reals
    q.mask = kept.ints.length / WIDTH - 1
    spareRecords -= q.mask + 1
    return
  }
  const size = Math.max(SMALLEST, (q.mask + 1) * 2)
  const ints = new Int32Array(size * WIDTH)
  const reals = new Float64Array(size * WIDE)
  for (let n = 0; n < q.count; n++) {
    const from = slotOf(q, n)
    for (let k = 0; k < WIDTH; k++) ints[n * WIDTH + k] = q.ints[from * WIDTH + k]!
    for (let k = 0; k < WIDE; k++) reals[n * WIDE + k] = q.reals[from * WIDE + k]!
  }
  q.ints = ints
  q.reals = reals
  q.mask = size - 1
  q.head = 0
  rejoin(q)
}

export const WIDTH = 7
export const SEQ = 0
export const END = 1
export const FLAGS = 2
export const FLIGHT = 3
/** Counts transmissions: of two that left at the same reading of the clock it tells which was first. */
export const ORDER = 4
/** Slots of its neighbours among those in flight: `NONE` at either end; `APART`: it is not in flight. */
const EARLIER = 5
const LATER = 6
export const NONE = -1
const APART = -2
export const WIDE = 6
export const SENT_AT = 0
export const FIRST_SENT_AT = 1
export const DELIVERED_AT = 2
export const DELIVERED = 3
export const LOST_BYTES = 4
export const QUEUE_LOST_BYTES = 5

/** Flags of a record. `OUT`: a copy is thought to be in flight. `LOST` without `OUT` waits to be sent again. */
export const OUT = 1
export const SACKED = 2
export const LOST = 4
export const RETRANSMITTED = 8
export const APP_LIMITED = 16
const SMALLEST = 8
/** Queues that are kept for whoever sends next, of all connections, and the records in them. */
const MOST_SPARE = 64
const MOST_SPARE_RECORDS = 65_536
let spareRecords = 0
const spare: { readonly ints: Int32Array; readonly reals: Float64Array }[] = []
const EMPTY: Readonly<SendQueue> = {
  ints: new Int32Array(0),
  reals: new Float64Array(0),
  mask: -1,
  head: 0,
  count: 0,
  first: NONE,
  last: NONE,
}
