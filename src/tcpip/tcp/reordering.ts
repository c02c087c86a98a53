/**
 * What arrived ahead of its turn: spans of bytes sorted by sequence, never overlapping, and the ranges they form in the
 * order in which SACK reports them (RFC 2018 §4: newest arrival first). Spans are views of received frames; a view that
 * would keep a much larger buffer alive is copied.
 */
export interface Reordering {
  spans: Span[]
  /** Spans before this index were handed out already. */
  first: number
  readonly ranges: Range[]
  /** Bytes of all spans. */
  held: number
}
interface Span {
  readonly seq: number
  readonly bytes: Uint8Array
}
interface Range {
  from: number
  to: number
}

export const reordering = (): Reordering => ({ spans: [], first: 0, ranges: [], held: 0 })
export const isEmpty = (r: Reordering): boolean => r.first === r.spans.length

/**
 * Stores what is new of `bytes` at `seq`. Returns how many bytes of it were there already (0: all new, the length: a
 * full duplicate), or −1 if there is no room for another span: a large `window` has room for more of them.
 */
export const hold = (r: Reordering, seq: number, bytes: Uint8Array, window: number): number => {
  if (r.spans.length - r.first >= Math.max(MOST_SPANS, window / SPAN)) return -1
  const end = (seq + bytes.length) | 0
  // nearly always the newest: nothing behind it, so it goes to the end
  let at = r.spans.length
  while (at > r.first && ((r.spans[at - 1]!.seq - seq) | 0) > 0) at--
  let from = seq
  if (at > r.first) {
    const left = r.spans[at - 1]!
    const leftEnd = (left.seq + left.bytes.length) | 0
    if (((leftEnd - from) | 0) > 0) from = ((leftEnd - end) | 0) > 0 ? end : leftEnd
  }
  let fresh = 0
  while (((end - from) | 0) > 0) {
    const right = r.spans[at]
    const to = right !== undefined && ((right.seq - end) | 0) < 0 ? right.seq : end
    if (((to - from) | 0) > 0) {
      const part = keep(bytes.subarray((from - seq) | 0, (to - seq) | 0))
      if (at === r.spans.length) r.spans.push({ seq: from, bytes: part })
      else r.spans.splice(at, 0, { seq: from, bytes: part })
      fresh += part.length
      at++
    }
    if (right === undefined || to === end) break
    const rightEnd = (right.seq + right.bytes.length) | 0
    from = ((rightEnd - end) | 0) > 0 ? end : rightEnd
    at++
  }
  r.held += fresh
  report(r, seq, end)
  return bytes.length - fresh
}

/** The bytes held at exactly `next`, removed, or `undefined`. */
export const release = (r: Reordering, next: number): Uint8Array | undefined => {
  const span = r.spans[r.first]
  if (span === undefined || ((span.seq - next) | 0) > 0) return undefined
  r.first++
  r.held -= span.bytes.length
  if (r.first === r.spans.length) {
    r.spans = []
    r.first = 0
  } else if (r.first >= 256) {
    r.spans.splice(0, r.first)
    r.first = 0
  }
  const late = (next - span.seq) | 0
  if (late === 0) return span.bytes
  return late < span.bytes.length ? span.bytes.subarray(late) : release(r, next)
}

/** Ranges that `next` has passed are no news any more. */
export const forget = (r: Reordering, next: number): void => {
  for (let i = r.ranges.length - 1; i >= 0; i--) if (((r.ranges[i]!.to - next) | 0) <= 0) r.ranges.splice(i, 1)
}

/**
 * Makes room: drops the span of the highest sequence and reports it no longer (RFC 2018 §8 allows it). False if bytes at
 * `seq` would come behind it: they are what has to go.
 */
export const dropHighest = (r: Reordering, seq: number): boolean => {
  const last = r.spans[r.spans.length - 1]
  if (isEmpty(r) || last === undefined || ((seq - last.seq) | 0) > 0) return false
  r.spans.pop()
  r.held -= last.bytes.length
  for (let i = r.ranges.length - 1; i >= 0; i--) {
    const range = r.ranges[i]!
    if (((range.to - last.seq) | 0) <= 0) continue
    if (((range.from - last.seq) | 0) >= 0) r.ranges.splice(i, 1)
    else range.to = last.seq
  }
  if (r.first === r.spans.length) {
    r.spans = []
    r.first = 0
  }
  return true
}

/** Puts the range around `from`…`to` first, merged with those it touches. */
const report = (r: Reordering, from: number, to: number): void => {
  let low = from
  let high = to
  for (let i = r.ranges.length - 1; i >= 0; i--) {
    const range = r.ranges[i]!
    if (((range.from - high) | 0) > 0 || ((low - range.to) | 0) > 0) continue
    if (((range.from - low) | 0) < 0) low = range.from
    if (((range.to - high) | 0) > 0) high = range.to
    r.ranges.splice(i, 1)
  }
  r.ranges.unshift({ from: low, to: high })
  if (r.ranges.length > MOST_RANGES) r.ranges.pop()
}

const keep = (view: Uint8Array): Uint8Array =>
  view.length * LARGEST_WASTE < view.buffer.byteLength ? view.slice() : view

/** More pieces than a window of small segments has are refused. */
export const MOST_SPANS = 4096
const SPAN = 1024
const MOST_RANGES = 32
const LARGEST_WASTE = 4
