import { expect, it } from 'vitest'
import { mac } from '../../../src/protocol/kernel/id.ts'
import { seededRandom } from '../../../src/protocol/kernel/rng.ts'
import { stack } from '../../../src/tcpip/stack.ts'
import type { StackCall, StackInput, StackOutput } from '../../../src/tcpip/stack-io.ts'

/** Two whole hosts on one wire without delay; or one, that talks to itself. */
const hosts = (react: (name: 'a' | 'b', output: StackOutput, call: (...calls: StackCall[]) => void) => void) => {
  let now = 1_700_000_000_000
  const make = (n: number) => {
    const machine = stack({ mac: mac(0x020000000000 + n), random: seededRandom(n) })
    return { machine, state: machine.initial, inbox: [] as StackInput[] }
  }
  const both = { a: make(1), b: make(2) }
  const other = { a: 'b', b: 'a' } as const
  const handle = (name: 'a' | 'b', outputs: readonly StackOutput[]): void => {
    for (const output of outputs) {
      if (output._tag === 'Frames') both[other[name]].inbox.push({ _tag: 'Frames', frames: output.frames })
      else react(name, output, (...calls) => both[name].inbox.push({ _tag: 'Calls', calls }))
    }
  }
  const input = (name: 'a' | 'b', given: StackInput): void => {
    const h = both[name]
    const [state, outputs] = h.machine.step(h.state, given, now)
    h.state = state
    handle(name, outputs)
  }
  const run = (ms: number): void => {
    const until = now + ms
    for (;;) {
      let busy = false
      for (const name of ['a', 'b'] as const) {
        const next = both[name].inbox.shift()
        if (next === undefined) continue
        busy = true
        input(name, next)
      }
      if (busy) continue
      const at = Math.min(both.a.machine.deadline(both.a.state), both.b.machine.deadline(both.b.state))
      if (at > until) break
      now = Math.max(now, at)
      for (const name of ['a', 'b'] as const) {
        const h = both[name]
        const [state, outputs] = h.machine.tick(h.state, now)
        h.state = state
        handle(name, outputs)
      }
    }
    now = until
  }
  for (const [name, n] of [
    ['a', 1],
    ['b', 2],
  ] as const)
    input(name, {
      _tag: 'Configure',
      mtu: 2800,
      addresses: [
        { address: `10.0.0.${n}`, bits: 24 },
        { address: `fd00::${n}`, bits: 64 },
      ],
      routes: [],
    })
  return { run, call: (name: 'a' | 'b', ...calls: StackCall[]) => input(name, { _tag: 'Calls', calls }) }
}

it.each([
  ['10.0.0.2', 'b'],
  ['fd00::2', 'b'],
  ['10.0.0.1', 'a'],
  ['fd00::1', 'a'],
] as const)('a hundred kilobytes to %s and back, then both close', (address, server) => {
  const total = 100_000
  let [sent, echoed, back] = [0, 0, 0]
  const ends: string[] = []
  const net = hosts((_name, o, call) => {
    const write = (id: number): void => {
      if (id === 1) call({ call: 'write', id, data: new Uint8Array(total - sent) })
    }
    if (o._tag === 'Opened' && o.id === 1) write(1)
    else if (o._tag === 'Writable') write(o.id)
    else if (o._tag === 'Wrote' && o.id === 1) {
      sent += o.bytes
      if (sent === total) call({ call: 'shutdown', id: 1 })
    } else if (o._tag === 'Data') {
      if (o.id === 1) back += o.data.length
      else echoed += o.data.length
      call({ call: 'consume', id: o.id, bytes: o.data.length })
      if (o.id !== 1) call({ call: 'write', id: o.id, data: o.data })
    } else if (o._tag === 'Ended') call({ call: 'close', id: o.id })
    else if (o._tag === 'Closed' || o._tag === 'Failed') ends.push(`${o.id} ${o._tag}`)
  })
  net.call(server, { call: 'listen', id: 100, port: 80, backlog: 5, options: {}, nextId: () => 2 })
  net.call('a', { call: 'connect', id: 1, remote: { address, port: 80 }, options: {}, deadline: Infinity })
  net.run(5000)
  expect([sent, echoed, back]).toEqual([total, total, total])
  expect(ends.sort()).toEqual(['1 Closed', '2 Closed'])
})

it('a write that fills the send buffer says so, and Writable tells when there is room again', () => {
  const heard: string[] = []
  const net = hosts((_name, o) => {
    if (o._tag === 'Wrote') heard.push(`${o.bytes} ${o.full}`)
    else if (o._tag === 'Writable') heard.push('Writable')
  })
  net.call('b', { call: 'listen', id: 100, port: 80, backlog: 5, options: {}, nextId: () => 2 })
  const options = { sendBuffer: 8192 }
  net.call('a', { call: 'connect', id: 1, remote: { address: '10.0.0.2', port: 80 }, options, deadline: Infinity })
  net.run(100)
  const write = (bytes: number) => net.call('a', { call: 'write', id: 1, data: new Uint8Array(bytes) })
  write(8000)
  write(192)
  write(1)
  expect(heard).toEqual(['8000 false', '192 true', '0 true'])
  net.run(1000)
  expect(heard.slice(3)).toEqual(['Writable'])
})

it('a connection to itself, from and to the same port, echoes', () => {
  const heard: string[] = []
  const net = hosts((_name, o, call) => {
    if (o._tag === 'Data') {
      heard.push(`Data ${o.data.length}`)
      call({ call: 'consume', id: o.id, bytes: o.data.length })
    } else if (o._tag === 'State' || o._tag === 'Ended' || o._tag === 'Closed')
      heard.push(o._tag === 'State' ? o.state : o._tag)
  })
  const remote = { address: '10.0.0.1', port: 5000 }
  net.call('a', { call: 'connect', id: 1, remote, local: { port: 5000 }, options: {}, deadline: Infinity })
  net.run(100)
  expect(heard).toEqual(['SYN-SENT', 'SYN-RECEIVED', 'ESTABLISHED'])
  net.call('a', { call: 'write', id: 1, data: new Uint8Array(10) })
  net.run(1000)
  expect(heard.at(-1)).toBe('Data 10')
  net.call('a', { call: 'close', id: 1 })
  net.run(1000)
  expect(heard.slice(-3)).toEqual(['CLOSING', 'TIME-WAIT', 'Closed'])
})

it.each(['224.0.0.1', '255.255.255.255', '10.0.0.255', 'ff02::1'])('nobody connects to %s', (address) => {
  const heard: string[] = []
  const net = hosts((_name, o) => {
    if (o._tag === 'Failed') heard.push(o.code)
  })
  net.call('a', { call: 'connect', id: 1, remote: { address, port: 80 }, options: {}, deadline: Infinity })
  expect(heard).toEqual(['ENETUNREACH'])
})
