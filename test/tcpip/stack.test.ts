import { describe, expect, it } from 'vitest'
import type { StackCall } from '../../src/tcpip/stack-io.ts'
import { fill } from './craft.ts'
import { Segment, type TestHost } from './segment.ts'

const listen = (id: number, port: number): StackCall => {
  let next = 1000
  return { call: 'listen', id, port, backlog: 10, options: {}, nextId: () => next++ }
}
const connect = (segment: Segment, id: number, address: string, port: number): StackCall => ({
  ...{ call: 'connect', id, remote: { address, port }, options: {}, deadline: segment.now + 30_000 },
})
const received = (host: TestHost, id: number): Uint8Array =>
  new Uint8Array(Buffer.concat(host.of(id).flatMap((output) => (output._tag === 'Data' ? [output.data.slice()] : []))))

describe('TCP over the stack', () => {
  it.each(['10.0.0.2', 'fd00::2'])('connects to %s, moves bytes both ways and closes', (address) => {
    const segment = new Segment()
    const a = segment.host({ addresses: ['10.0.0.1/24', 'fd00::1/64'] })
    const b = segment.host({ addresses: ['10.0.0.2/24', 'fd00::2/64'] })
    segment.run(3000)
    b.call(listen(1, 80))
    a.call(connect(segment, 1, address, 80))
    segment.run(20)
    expect(a.of(1)).toContainEqual(expect.objectContaining({ _tag: 'Opened' }))
    const [accepted] = b.all('Accepted')
    a.call({ call: 'write', id: 1, data: fill(50_000) }, { call: 'shutdown', id: 1 })
    b.call({ call: 'write', id: accepted!.id, data: fill(30_000, 2) }, { call: 'shutdown', id: accepted!.id })
    segment.run(1000)
    expect(received(b, accepted!.id)).toEqual(fill(50_000))
    expect(received(a, 1)).toEqual(fill(30_000, 2))
    expect([a.all('Ended').length, b.all('Ended').length]).toEqual([1, 1])
    expect([a.drops(), b.drops()]).toEqual([[], []])
  })

  it.each(['10.0.0.1', '127.0.0.1', 'fd00::1', '::1'])('connects to itself at %s without the wire (G15)', (address) => {
    const segment = new Segment()
    const a = segment.host({ addresses: ['10.0.0.1/24', 'fd00::1/64'] })
    segment.run(3000)
    const before = a.sent.length
    a.call(listen(1, 80))
    a.call(connect(segment, 2, address, 80))
    segment.run(1)
    const [accepted] = a.all('Accepted')
    a.call({ call: 'write', id: 2, data: fill(100_000) })
    segment.run(1000)
    expect(received(a, accepted!.id)).toEqual(fill(100_000))
    expect(a.sent).toHaveLength(before)
  })

  it('hears of a closed port, of a host that is not there, and of no route', () => {
    const segment = new Segment()
    const a = segment.host({ addresses: ['10.0.0.1/24'] })
    segment.host({ addresses: ['10.0.0.2/24'] })
    segment.run(3000)
    a.call(connect(segment, 1, '10.0.0.2', 81), connect(segment, 2, '10.0.0.9', 80), connect(segment, 3, '9.9.9.9', 80))
    segment.run(31_000)
    expect(a.all('Failed').map(({ id, code }) => [id, code])).toEqual([
      [3, 'ENETUNREACH'],
      [1, 'ECONNREFUSED'],
      [2, 'EHOSTUNREACH'],
    ])
  })

  it('ends when its address is taken away (G19)', () => {
    const segment = new Segment()
    const a = segment.host({ addresses: ['10.0.0.1/24', '10.0.0.3/24'] })
    const b = segment.host({ addresses: ['10.0.0.2/24'] })
    segment.run(3000)
    b.call(listen(1, 80))
    a.call(connect(segment, 1, '10.0.0.2', 80))
    segment.run(20)
    a.configure(['10.0.0.3/24'])
    expect(a.all('Failed')).toMatchObject([{ id: 1 }])
  })
})

it('the same inputs, clock and seed give the same outputs', () => {
  const run = () => {
    const segment = new Segment()
    const a = segment.host({ addresses: ['10.0.0.1/24', 'fd00::1/64'] })
    const b = segment.host({ addresses: ['10.0.0.2/24', 'fd00::2/64'] })
    b.call(listen(1, 80))
    a.call(connect(segment, 1, '10.0.0.2', 80), { call: 'bind', id: 2, port: 0 })
    a.call({ call: 'send', id: 2, to: { address: 'fd00::2', port: 9 }, data: fill(9000) })
    segment.run(40)
    a.call({ call: 'write', id: 1, data: fill(20_000) })
    segment.run(100_000)
    return [a.outputs, b.outputs]
  }
  expect(run()).toEqual(run())
})

it('a tick before the deadline does nothing, and every tick moves it', () => {
  const segment = new Segment()
  const a = segment.host({ addresses: ['10.0.0.1/24', 'fd00::1/64'] })
  a.call({ call: 'echo', id: 1, to: '10.0.0.9', seq: 1, size: 1 })
  for (let turn = 0; turn < 50; turn++) {
    const at = a.machine.deadline(a.state)
    if (at === Infinity) break
    segment.now = at - 0.5
    expect(a.tick()).toEqual([])
    segment.now = at
    a.tick()
    expect(a.machine.deadline(a.state)).toBeGreaterThan(at)
  }
  expect(a.machine.deadline(a.state)).toBe(Infinity)
})
