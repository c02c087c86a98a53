import { describe, expect, it } from 'vitest'
import { Segment } from './segment.ts'

const pair = () => {
  const segment = new Segment()
  const a = segment.host({ addresses: ['10.0.0.1/24', 'fd00::1/64'] })
  const b = segment.host({ addresses: ['10.0.0.2/24', 'fd00::2/64'] })
  segment.run(3000)
  return { segment, a, b }
}

describe('ping', () => {
  it.each([
    { to: '10.0.0.2', size: 0 },
    { to: '10.0.0.2', size: 56 },
    { to: '10.0.0.2', size: 2772 },
    { to: '10.0.0.2', size: 2773 },
    { to: '10.0.0.2', size: 65_507 },
    { to: 'fd00::2', size: 0 },
    { to: 'fd00::2', size: 2752 },
    { to: 'fd00::2', size: 2753 },
    { to: 'fd00::2', size: 65_507 },
  ])('of $size bytes to $to is answered (P01)', ({ to, size }) => {
    const { segment, a, b } = pair()
    a.call({ call: 'echo', id: 1, to, seq: 7, size })
    segment.run(100)
    expect(a.of(1)).toEqual([{ _tag: 'Echo', id: 1, seq: 7, from: to, ttl: 64, bytes: size }])
    expect([a.drops(), b.drops()]).toEqual([[], []])
  })

  it('more than an IP packet holds is refused', () => {
    const { a } = pair()
    a.call({ call: 'echo', id: 1, to: '10.0.0.2', seq: 7, size: 65_508 })
    expect(a.of(1)).toEqual([{ _tag: 'EchoFailed', id: 1, seq: 7, code: 'EMSGSIZE' }])
  })

  it('of an own address comes back without the wire', () => {
    const { a } = pair()
    const before = a.sent.length
    a.call({ call: 'echo', id: 1, to: '10.0.0.1', seq: 1, size: 65_507 })
    a.call({ call: 'echo', id: 2, to: '127.0.0.1', seq: 2, size: 10 })
    a.call({ call: 'echo', id: 3, to: '::1', seq: 3, size: 10 })
    expect(a.all('Echo').map(({ from, bytes }) => [from, bytes])).toEqual([
      ['10.0.0.1', 65_507],
      ['127.0.0.1', 10],
      ['::1', 10],
    ])
    expect(a.sent.length).toBe(before)
  })

  it('of nobody fails after five requests for the neighbour (G03)', () => {
    const { segment, a } = pair()
    a.call({ call: 'echo', id: 1, to: '10.0.0.9', seq: 1, size: 1 })
    a.call({ call: 'echo', id: 2, to: 'fd00::9', seq: 1, size: 1 })
    const before = a.sent.length
    segment.run(4999)
    expect(a.all('EchoFailed')).toEqual([])
    expect(a.sent.length - before).toBe(2 * 4)
    segment.run(1)
    expect(a.all('EchoFailed').map(({ id, code }) => [id, code])).toEqual([
      [1, 'EHOSTUNREACH'],
      [2, 'EHOSTUNREACH'],
    ])
  })

  it('without a route fails at once', () => {
    const { a } = pair()
    a.call({ call: 'echo', id: 1, to: '8.8.8.8', seq: 1, size: 1 })
    expect(a.of(1)).toEqual([{ _tag: 'EchoFailed', id: 1, seq: 1, code: 'ENETUNREACH' }])
  })
})
