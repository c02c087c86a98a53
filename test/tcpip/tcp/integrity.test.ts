import { expect, it } from 'vitest'
import { next, rng } from '../../../src/protocol/kernel/rng.ts'
import { converse, type Side } from './conversation.ts'
import type { Weather } from './wire.ts'

/** A world of its own for each seed: weather, sizes, patience. */
const numbers = (seed: number): ((least: number, most: number) => number) => {
  let generator = rng(seed * 7919)
  return (least, most) => {
    const [value, after] = next(generator)
    generator = after
    return least + (value / 0x1_0000_0000) * (most - least)
  }
}

type Pick = ReturnType<typeof numbers>
const weatherOf = (pick: Pick): Weather => ({
  delay: pick(0.05, 60),
  jitter: pick(0, 1) < 0.5 ? 0 : pick(0, 40),
  loss: pick(0, 1) < 0.3 ? 0 : pick(0, 0.3),
  duplicate: pick(0, 1) < 0.5 ? 0 : pick(0, 0.1),
  mtu: Math.floor(pick(576, 2800)),
})
const sideOf = (pick: Pick): Side => ({
  total: Math.floor(pick(0, 150_000)),
  chunk: Math.floor(pick(1, 20_000)),
  readDelay: pick(0, 1) < 0.5 ? 0 : pick(0, 300),
  options: {
    noDelay: pick(0, 1) < 0.5,
    ...(pick(0, 1) < 0.5 ? { receiveBuffer: Math.floor(pick(1000, 100_000)) } : {}),
    ...(pick(0, 1) < 0.3 ? { sendBuffer: Math.floor(pick(1000, 100_000)) } : {}),
  },
})

/** By hand more: `RXZT_SEEDS=10000`. */
const FAR = Number(process.env['RXZT_SEEDS'] ?? 200)

it.each(Array.from({ length: FAR }, (_, i) => i + 1))(
  'bytes arrive equal, in order and once, and both ends finish (seed %i)',
  (seed) => {
    const pick = numbers(seed)
    const weather = weatherOf(pick)
    const [a, b] = [sideOf(pick), sideOf(pick)]
    const outcome = converse(seed, weather, a, b, 3_600_000)
    expect(outcome).toMatchObject({
      intact: true,
      received: { a: b.total, b: a.total },
      ended: { a: 'Closed', b: 'Closed' },
    })
  },
)

it.each(Array.from({ length: FAR / 4 }, (_, i) => i + 1))(
  'and so they do over a noisy line whose packets get shorter or longer under way (seed %i)',
  (seed) => {
    const pick = numbers(seed + 0x1_0000)
    const before = { ...weatherOf(pick), corruption: pick(0, 0.02) }
    const after = { ...before, mtu: Math.floor(pick(576, 2800)) }
    // the smallest size that is tried where packets vanish is 576
    const later = pick(0, 1) < 0.3 ? { ...after, swallows: Math.floor(pick(576, after.mtu)) } : after
    const [a, b] = [sideOf(pick), sideOf(pick)]
    const weather = { ...before, later: { after: pick(0, 2000), weather: later } }
    expect(converse(seed, weather, a, b, 3_600_000)).toMatchObject({
      intact: true,
      received: { a: b.total, b: a.total },
      ended: { a: 'Closed', b: 'Closed' },
    })
  },
)

it('a path that swallows long packets is found out by segments that a small window has cut as well', () => {
  const says: Side = { total: 50_000, chunk: 50_000, readDelay: 0, options: {} }
  const hears: Side = { total: 0, chunk: 1, readDelay: 0, options: { receiveBuffer: 1800 } }
  const outcome = converse(1, { delay: 20, mtu: 2800, swallows: 900 }, says, hears, 600_000)
  expect(outcome).toMatchObject({ intact: true, received: { b: says.total }, ended: { a: 'Closed', b: 'Closed' } })
})
