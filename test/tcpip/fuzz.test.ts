import { expect, it } from 'vitest'
import type { Frame } from '../../src/protocol/kernel/frame.ts'
import { next, rng } from '../../src/protocol/kernel/rng.ts'
import { fill } from './craft.ts'
import { Segment } from './segment.ts'

/** Every kind of frame that two stacks exchange, recorded. */
const recorded = (): readonly Frame[] => {
  const segment = new Segment()
  const a = segment.host({ addresses: ['10.0.0.1/24', 'fd00::1/64'] })
  const b = segment.host({ addresses: ['10.0.0.2/24', 'fd00::2/64'] })
  segment.run(3000)
  const options = {}
  b.call({ call: 'bind', id: 1, port: 4000 })
  b.call({ call: 'listen', id: 2, port: 80, backlog: 10, options, nextId: () => 100 })
  a.call({ call: 'bind', id: 1, port: 4000 })
  for (const address of ['10.0.0.2', 'fd00::2']) {
    a.call({ call: 'echo', id: 3, to: address, seq: 1, size: 5000 })
    for (const port of [4000, 9]) a.call({ call: 'send', id: 1, to: { address, port }, data: fill(100) })
    a.call({ call: 'send', id: 1, to: { address, port: 4000 }, data: fill(6000) })
    const id = address.length
    a.call({ call: 'connect', id, remote: { address, port: 80 }, options, deadline: segment.now + 9999 })
    segment.run(100)
    a.call({ call: 'write', id, data: fill(5000) }, { call: 'shutdown', id })
    segment.run(500)
  }
  return [...a.sent, ...b.sent]
}

it('ten thousand mutated frames throw nothing and leave bounded state', () => {
  const frames = recorded()
  expect(frames.length).toBeGreaterThan(40)
  const segment = new Segment()
  const victim = segment.host({ addresses: ['10.0.0.2/24', 'fd00::2/64', '10.0.0.1/24', 'fd00::1/64'] })
  segment.run(3000)
  victim.call({ call: 'bind', id: 1, port: 4000 })
  victim.call({ call: 'listen', id: 2, port: 80, backlog: 10, options: {}, nextId: () => 100 })
  victim.configure(['10.0.0.2/24', 'fd00::2/64'])
  let random = rng(2024)
  const roll = (below: number): number => {
    const [value, after] = next(random)
    random = after
    return value % below
  }
  for (let n = 0; n < 10_000; n++) {
    const { payload, ...frame } = frames[roll(frames.length)]!
    let bytes = payload.slice(0, roll(4) === 0 ? roll(payload.length + 1) : payload.length)
    for (let i = roll(4); i > 0 && bytes.length > 0; i--) {
      // headers are where decisions are made
      const at = roll(3) === 0 ? roll(bytes.length) : roll(Math.min(80, bytes.length))
      bytes[at] = roll(3) === 0 ? [0, 1, 0x7f, 0x80, 0xff][roll(5)]! : roll(256)
    }
    if (roll(20) === 0) bytes = new Uint8Array([...bytes, ...fill(roll(40))])
    victim.hear({ ...frame, to: victim.mac, payload: bytes })
    if (n % 100 === 0) segment.run(roll(2000))
  }
  const { neighbours, fragments, fragmentBytes } = victim.state.sizes()
  expect(neighbours).toBeLessThanOrEqual(4096)
  expect(fragments).toBeLessThanOrEqual(4096)
  expect(fragmentBytes).toBeLessThanOrEqual(4 * 1024 * 1024)
  const reasons = new Set(victim.drops())
  for (const reason of ['ip-malformed', 'ip-checksum', 'not-for-us', 'arp-malformed', 'arp-spoofed', 'icmp-checksum']) {
    expect(reasons).toContain(reason)
  }
  segment.run(600_000)
  expect(victim.state.sizes()).toMatchObject({ fragments: 0, fragmentBytes: 0 })
})
