import type { Millis } from '../../protocol/kernel/machine.ts'

/** What a stretch of network does to datagrams. Times in ms, chances from 0 to 1. */
export interface Weather {
  /** One way. */
  readonly latency?: number
  /** Up to this much is added at random; datagrams may overtake each other by it. */
  readonly jitter?: number
  readonly loss?: number
  readonly duplicate?: number
  /** Chance to be held back by another latency and 10 ms, so that later datagrams come first. */
  readonly reorder?: number
  /** Bytes of the largest IP packet that passes; larger ones vanish. */
  readonly mtu?: number
  /** Bits per second in each direction; what would wait longer than 200 ms vanishes. */
  readonly bandwidth?: number
}

/** One direction of a stretch of network. Mutable: the line is busy while it sends. */
export interface Line {
  weather: Weather
  /** When it is free again. */
  freeAt: Millis
}

/** When a datagram of `size` bytes that enters at `at` leaves again: never, once, or twice. `draw` gives numbers from 0 to 1. */
export const pass = (line: Line, size: number, at: Millis, draw: () => number): readonly Millis[] => {
  const { latency = 0, jitter = 0, loss = 0, duplicate = 0, reorder = 0, mtu, bandwidth } = line.weather
  if (mtu !== undefined && size > mtu) return []
  if (loss > 0 && draw() < loss) return []
  let start = at
  if (bandwidth !== undefined) {
    const begin = Math.max(at, line.freeAt)
    if (begin - at > MOST_QUEUED) return []
    start = begin + (size * 8000) / bandwidth
    line.freeAt = start
  }
  const arrive = (): Millis =>
    start + latency + (jitter > 0 ? jitter * draw() : 0) + (reorder > 0 && draw() < reorder ? latency + 10 : 0)
  const first = arrive()
  return duplicate > 0 && draw() < duplicate ? [first, arrive()] : [first]
}

/** ms that a datagram may wait for the line. */
const MOST_QUEUED: Millis = 200
