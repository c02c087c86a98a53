import { VirtualTimeScheduler } from 'rxjs'
import { expect, it } from 'vitest'
import { statsDelta$ } from '../../src/streams/stats-delta.ts'

it('statistics as deltas: what grew in each interval, and nothing while nobody looks', () => {
  const clock = new VirtualTimeScheduler()
  let stats: Record<string, number> = { 'tcp/sent': 5 }
  let looks = 0
  const source = {
    get stats() {
      looks++
      return stats
    },
  }
  const seen: unknown[] = []
  const subscription = statsDelta$(source, 100, clock).subscribe((grown) => seen.push(grown))
  clock.schedule(() => {
    stats = { 'tcp/sent': 7, 'udp/sent': 1 }
  }, 50)
  clock.schedule(() => {
    stats = { ...stats, 'udp/sent': 4 }
  }, 250)
  clock.schedule(() => subscription.unsubscribe(), 350)
  clock.flush()
  expect(seen).toEqual([{ 'tcp/sent': 2, 'udp/sent': 1 }, {}, { 'udp/sent': 3 }])
  expect(looks).toBe(4)
})
