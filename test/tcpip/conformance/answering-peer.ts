import type { Flow } from './flow.ts'
import type { Sent } from './read-frame.ts'
import type { Stage } from './verbs.ts'

/**
 * A peer that need not be told each ACK: it takes what the stack sends in, some time later, loses what it is told to
 * lose, and answers as a receiver does: cumulative ACK, SACK if it was agreed on, every so many segments.
 */
export interface AnsweringPeer {
  /** From sending to hearing the answer, in ms. */
  delay: number
  every: number
  win: number
  /** First bytes of segments that vanish, once for each time they are named. */
  readonly losing: number[]
  readonly take: (sent: Sent) => void
  /** Segments that were sent again, since the last look. */
  again: number
}

export const answeringPeer = (stage: Stage, flow: Flow, hasSack: boolean): AnsweringPeer => {
  let next = 1
  let high = 1
  let due = 0
  let ranges: (readonly [number, number])[] = []
  const label = `${flow.label}: `
  const answer = (newest: number): void => {
    due = 0
    const first = ranges.find(([from, to]) => newest >= from && newest < to)
    const blocks = first === undefined ? ranges : [first, ...ranges.filter((r) => r !== first)]
    const sack =
      hasSack && blocks.length > 0
        ? ` sack=${blocks
            .slice(0, 3)
            .map((b) => b.join('-'))
            .join()}`
        : ''
    stage.play(`${label}<< A 1 ack=${next} win=${peer.win}${sack}`)
  }
  const arrive = (seq: number, end: number): void => {
    const isEarly = seq > next
    ranges = merge([...ranges, [seq, end]])
    const [lowest] = ranges
    if (lowest !== undefined && lowest[0] <= next) {
      next = Math.max(next, lowest[1])
      ranges = ranges.slice(1)
    }
    due++
    if (due >= peer.every || isEarly || ranges.length > 0) answer(seq)
    else if (due === 1) stage.world.later(DELAYED_ACK, () => due > 0 && answer(seq))
  }
  const peer: AnsweringPeer = {
    ...{ delay: 0, every: 1, win: 65_535, losing: [], again: 0 },
    take: (sent) => {
      const [seq, length] = sent.words[1]!.split('+').map(Number)
      const end = seq! + length! + (sent.words[0]!.includes('F') ? 1 : 0)
      if (seq! < high) peer.again++
      high = Math.max(high, end)
      const lost = peer.losing.indexOf(seq!)
      if (lost >= 0) peer.losing.splice(lost, 1)
      else if (end > seq!) stage.world.later(peer.delay, () => arrive(seq!, end))
    },
  }
  return peer
}

const merge = (ranges: readonly (readonly [number, number])[]): (readonly [number, number])[] => {
  const merged: [number, number][] = []
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1)
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to)
    else merged.push([from, to])
  }
  return merged
}

const DELAYED_ACK = 40
