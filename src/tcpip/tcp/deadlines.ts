import type { Millis } from '../../protocol/kernel/machine.ts'
import type { Connection } from './connection.ts'

/**
 * The deadlines of all connections: a min-heap in which a connection is filed under some moment not later than its real
 * deadline. Deadlines that move later leave the heap alone (the connection is filed anew when its old place comes up),
 * so re-arming a timer per segment costs a comparison, and idle connections cost nothing.
 */
export type DeadlineHeap = Connection[]

/** The earliest deadline a connection has itself. */
export const deadlineOf = (c: Connection): Millis => {
  const at = c.at
  let t = at.rto
  if (at.tlp < t) t = at.tlp
  if (at.reorder < t) t = at.reorder
  if (at.ack < t) t = at.ack
  if (at.persist < t) t = at.persist
  if (at.keep < t) t = at.keep
  if (at.hold < t) t = at.hold
  if (at.pace < t) t = at.pace
  if (at.close < t) t = at.close
  if (at.linger < t) t = at.linger
  return t
}

/** Files `c` under `t` unless it already comes up before that. */
export const file = (heap: DeadlineHeap, c: Connection, t: Millis): void => {
  if (c.heapAt >= 0) {
    if (t >= c.filedAt) return
    c.filedAt = t
    up(heap, c, c.heapAt)
  } else if (t < Infinity) {
    c.filedAt = t
    heap.push(c)
    up(heap, c, heap.length - 1)
  }
}

/** Takes the first connection out if it is filed under `now` or earlier. */
export const due = (heap: DeadlineHeap, now: Millis): Connection | undefined => {
  const first = heap[0]
  if (first === undefined || first.filedAt > now) return undefined
  unfile(heap, first)
  return first
}

export const unfile = (heap: DeadlineHeap, c: Connection): void => {
  const at = c.heapAt
  if (at < 0) return
  c.heapAt = -1
  const last = heap.pop()!
  if (last === c) return
  if (at > 0 && heap[(at - 1) >> 1]!.filedAt > last.filedAt) up(heap, last, at)
  else down(heap, last, at)
}

const up = (heap: DeadlineHeap, c: Connection, from: number): void => {
  let at = from
  while (at > 0) {
    const parent = heap[(at - 1) >> 1]!
    if (parent.filedAt <= c.filedAt) break
    heap[at] = parent
    parent.heapAt = at
    at = (at - 1) >> 1
  }
  heap[at] = c
  c.heapAt = at
}

const down = (heap: DeadlineHeap, c: Connection, from: number): void => {
  let at = from
  for (;;) {
    let child = 2 * at + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && heap[child + 1]!.filedAt < heap[child]!.filedAt) child++
    const lower = heap[child]!
    if (lower.filedAt >= c.filedAt) break
    heap[at] = lower
    lower.heapAt = at
    at = child
  }
  heap[at] = c
  c.heapAt = at
}
