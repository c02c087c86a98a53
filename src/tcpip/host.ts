import { FRAME_HEADROOM, type Frame } from '../protocol/kernel/frame.ts'
import type { Mac } from '../protocol/kernel/id.ts'
import type { Millis } from '../protocol/kernel/machine.ts'
import { type Random, uniform } from '../protocol/kernel/rng.ts'
import type { StackDropReason, StackOutput } from './stack-io.ts'
import { type Statistics, statistics } from './statistics.ts'

/** What the parts of one stack share: the time of the step that runs, and where its outputs gather. */
export interface Host {
  readonly mac: Mac
  readonly random: Random
  readonly statistics: Statistics
  /** Set by the stack at the begin of each step. */
  now: Millis
  readonly out: (output: StackOutput) => void
  readonly drop: (reason: StackDropReason) => void
  /** One frame from our MAC. The payload has its headroom in front and is given away. */
  readonly emit: (to: Mac, etherType: number, payload: Uint8Array) => void
  /** The outputs since the last call: what happened, then all frames as one. */
  readonly take: () => readonly StackOutput[]
}

export const host = (mac: Mac, random: Random): Host => {
  let outputs: StackOutput[] = []
  let frames: Frame[] = []
  /** The drop of each reason is one object: a flood of bad packets allocates nothing here. */
  const drops = new Map<StackDropReason, StackOutput>()
  const stats = statistics()
  return {
    mac,
    random,
    statistics: stats,
    now: 0,
    out: (output) => {
      outputs.push(output)
    },
    drop: (reason) => {
      let output = drops.get(reason)
      if (output === undefined) {
        output = { _tag: 'Drop', reason }
        drops.set(reason, output)
      }
      stats.dropped(reason)
      outputs.push(output)
    },
    emit: (to, etherType, payload) => {
      stats.sent(etherType, payload)
      frames.push({ to, from: mac, etherType, payload })
    },
    take: () => {
      if (frames.length > 0) {
        outputs.push({ _tag: 'Frames', frames })
        frames = []
      }
      if (outputs.length === 0) return nothing
      const taken = outputs
      outputs = []
      return taken
    },
  }
}

/** A zeroed packet of `length` bytes with the headroom that lower layers need. */
export const blank = (length: number): Uint8Array =>
  new Uint8Array(new ArrayBuffer(FRAME_HEADROOM + length), FRAME_HEADROOM, length)

export const between = (random: Random, from: number, to: number): number => from + uniform(random) * (to - from)

const nothing: readonly StackOutput[] = []
