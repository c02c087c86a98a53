import { describe, expect, it } from 'vitest'
import { type HostId, type Weather, type WireInput, type WireOutput, wire } from '../../src/streams/virtual/wire.ts'

const send = (host: HostId, address: string, size = 100, ttl?: number, to = 2): WireInput => ({
  _tag: 'Send',
  host,
  port: 1,
  batch: [{ data: new Uint8Array(size), to: { address, port: to }, ...(ttl === undefined ? {} : { ttl }) }],
})

/** Three hosts: 1 and 2 on segment 0, 3 on segment 1. */
const world = (weather: Weather, seed = 1) => {
  const machine = wire(seed)
  let state = machine.initial
  const tell = (input: WireInput, now = 0): void => {
    state = machine.step(state, input, now)[0]
  }
  tell({ _tag: 'Attach', host: 1, address: '10.0.0.1', segment: 0 })
  tell({ _tag: 'Attach', host: 2, address: '10.0.0.2', segment: 0 })
  tell({ _tag: 'Attach', host: 3, address: '10.1.0.1', segment: 1 })
  for (const segment of [0, 1]) tell({ _tag: 'Weather', segment, weather })
  /** Everything that arrives, with its time. */
  const arrivals = (): readonly { readonly at: number; readonly host: HostId; readonly count: number }[] => {
    const found: { at: number; host: HostId; count: number }[] = []
    for (let at = machine.deadline(state); at !== Number.POSITIVE_INFINITY; at = machine.deadline(state)) {
      const [after, outputs]: readonly [typeof state, readonly WireOutput[]] = machine.tick(state, at)
      state = after
      for (const { host, batch } of outputs) found.push({ at, host, count: batch.length })
    }
    return found
  }
  return { tell, arrivals }
}
const total = (arrivals: readonly { readonly count: number }[]): number =>
  arrivals.reduce((sum, { count }) => sum + count, 0)

describe('the simulated wire', () => {
  it('takes the latency of each segment on the way', () => {
    const { tell, arrivals } = world({ latency: 10 })
    tell(send(1, '10.0.0.2'))
    tell(send(1, '10.1.0.1'))
    tell(send(1, '10.9.9.9'))
    expect(arrivals()).toEqual([
      { at: 10, host: 2, count: 1 },
      { at: 20, host: 3, count: 1 },
    ])
  })

  it('loses, doubles and holds back as often as it is told', () => {
    const sent = 2000
    const under = (weather: Weather) => {
      const { tell, arrivals } = world(weather)
      for (let i = 0; i < sent; i++) tell(send(1, '10.0.0.2'))
      return arrivals()
    }
    expect(total(under({ loss: 0.25 })) / sent).toBeCloseTo(0.75, 1)
    expect(total(under({ duplicate: 0.25 })) / sent).toBeCloseTo(1.25, 1)
    const held = under({ latency: 10, reorder: 0.25 }).filter(({ at }) => at > 10)
    expect(total(held) / sent).toBeCloseTo(0.25, 1)
    const jittered = under({ latency: 10, jitter: 5 })
    expect(Math.min(...jittered.map(({ at }) => at))).toBeGreaterThanOrEqual(10)
    expect(Math.max(...jittered.map(({ at }) => at))).toBeLessThan(15)
  })

  it('lets pass what fits, as fast as the line is', () => {
    const small = world({ mtu: 500 })
    small.tell(send(1, '10.0.0.2', 472))
    small.tell(send(1, '10.0.0.2', 473))
    expect(total(small.arrivals())).toBe(1)
    // 1028 bytes with headers at 1 028 000 bit/s: 8 ms each
    const slow = world({ bandwidth: 1_028_000 })
    for (let i = 0; i < 50; i++) slow.tell(send(1, '10.0.0.2', 1000))
    const times = slow.arrivals().map(({ at }) => at)
    expect(times.slice(0, 3)).toEqual([8, 16, 24])
    expect(times.at(-1)).toBeLessThanOrEqual(208)
  })

  it('parts and heals segments, ends short lives at routers, and unplugs hosts', () => {
    const { tell, arrivals } = world({})
    tell({ _tag: 'Partition', between: [1, 0] })
    tell(send(1, '10.1.0.1'))
    tell(send(3, '10.0.0.1'))
    tell(send(1, '10.0.0.2'))
    expect(arrivals()).toEqual([{ at: 0, host: 2, count: 1 }])
    tell({ _tag: 'Heal', between: [0, 1] })
    tell(send(1, '10.1.0.1'))
    tell(send(1, '10.1.0.1', 4, 2))
    expect(total(arrivals())).toBe(1)
    tell({ _tag: 'Detach', host: 3 })
    tell(send(1, '10.1.0.1'))
    expect(arrivals()).toEqual([])
  })

  it('has weather for each direction, where told so', () => {
    const { tell, arrivals } = world({})
    tell({ _tag: 'Weather', segment: 0, weather: { loss: 1 }, inward: { latency: 3 } })
    tell(send(1, '10.1.0.1'))
    tell(send(3, '10.0.0.1'))
    expect(arrivals()).toEqual([{ at: 3, host: 1, count: 1 }])
  })

  it('carries each family by the addresses of that family, and IPv6 past routers', () => {
    const { tell, arrivals } = world({})
    for (const [host, segment] of [
      [1, 0],
      [3, 1],
    ] as const)
      tell({ _tag: 'Attach', host, address: `2001:db8::${host}`, segment, socket: 2 })
    tell({ _tag: 'Nat', segment: 1, kind: 'symmetric', address: '44.0.0.1', timeout: 1000 })
    tell(send(1, '10.1.0.1'))
    tell(send(2, '2001:db8::3'))
    tell(send(1, '2001:db8::3'))
    tell(send(3, '2001:db8::1'))
    expect(total(arrivals())).toBe(2)
    tell({ _tag: 'Detach', host: 3, socket: 2 })
    tell(send(1, '2001:db8::3'))
    expect(arrivals()).toEqual([])
    tell(send(3, '10.0.0.1'))
    expect(total(arrivals())).toBe(1)
  })

  it('leads through routers behind routers, and back inside only where one may hairpin', () => {
    const carried = (hairpin: boolean): number => {
      const { tell, arrivals } = world({ latency: 1 })
      // the segment of 1 and 2 and that of 3 are behind a carrier's
      tell({ _tag: 'Nat', segment: 9, kind: 'full-cone', address: '44.0.0.9', timeout: 1000, hairpin })
      for (const segment of [0, 1])
        tell({ _tag: 'Nat', segment, kind: 'full-cone', address: `10.9.0.${segment}`, timeout: 1000, behind: 9 })
      // each opens a port at both of its routers: the carrier's first is for the first
      tell(send(1, '44.8.0.1'))
      tell(send(3, '44.8.0.1'))
      tell(send(3, '44.0.0.9', 9, undefined, 40_000))
      tell(send(3, '10.9.0.0', 9, undefined, 40_000))
      return total(arrivals())
    }
    expect(carried(false)).toBe(1)
    expect(carried(true)).toBe(2)
  })
})
