import { expect, it } from 'vitest'
import { next, rng } from '../../../src/protocol/kernel/rng.ts'
import { converse } from './conversation.ts'

/** A world of its own for each seed: weather, sizes, patience. */
const numbers = (seed: number): ((least: number, most: number) => number) => {
  let generator = rng(seed * 7919)
  return (least, most) => {
    const [value, after] = next(generator)
    generator = after
    return least + (value / 0x1_0000_0000) * (most - least)
  }
}

it.each(Array.from({ length: 200 }, (_, i) => i + 1))(
  'bytes arrive equal, in order and once, and both ends finish (seed %i)',
  (seed) => {
    const pick = numbers(seed)
    const weather = {
      delay: pick(0.05, 60),
      jitter: pick(0, 1) < 0.5 ? 0 : pick(0, 40),
      loss: pick(0, 1) < 0.3 ? 0 : pick(0, 0.3),
      duplicate: pick(0, 1) < 0.5 ? 0 : pick(0, 0.1),
      mtu: Math.floor(pick(576, 2800)),
    }
    const side = (): Parameters<typeof converse>[2] => ({
      total: Math.floor(pick(0, 150_000)),
      chunk: Math.floor(pick(1, 20_000)),
      readDelay: pick(0, 1) < 0.5 ? 0 : pick(0, 300),
      options: {
        noDelay: pick(0, 1) < 0.5,
        ...(pick(0, 1) < 0.5 ? { receiveBuffer: Math.floor(pick(1000, 100_000)) } : {}),
        ...(pick(0, 1) < 0.3 ? { sendBuffer: Math.floor(pick(1000, 100_000)) } : {}),
      },
    })
    const [a, b] = [side(), side()]
    const outcome = converse(seed, weather, a, b, 3_600_000)
    expect(outcome).toMatchObject({
      intact: true,
      received: { a: b.total, b: a.total },
      ended: { a: 'Closed', b: 'Closed' },
    })
  },
)
