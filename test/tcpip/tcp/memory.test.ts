import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import type { StackOutput } from '../../../src/tcpip/stack-io.ts'
import { wire } from './wire.ts'

setFlagsFromString('--expose_gc')
const collect = runInNewContext('gc') as () => void
const held = (): number => {
  for (let i = 0; i < 3; i++) collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

const FIRST = 300
const LAST = 1300

it('an idle connection costs a side less than 4 KiB, also after it has been used', () => {
  let [opened, answered, next] = [0, 0, 10_000]
  const w = wire(
    1,
    { delay: 5 },
    (net, host, o: StackOutput) => {
      if (o._tag === 'Accepted') net.call(host, { call: 'accept', id: o.listener })
      else if (o._tag === 'Opened' && host === net.a) opened++
      else if (o._tag === 'Data') {
        net.call(host, { call: 'consume', id: o.id, bytes: o.data.length })
        if (host === net.b) net.call(host, { call: 'write', id: o.id, data: new Uint8Array(100) })
        else answered++
      }
    },
    false,
  )
  w.call(w.b, { call: 'listen', id: 9000, port: 80, backlog: 4096, options: {}, nextId: () => next++ })
  const remote = { address: '10.0.0.2', port: 80 }
  const options = {}
  const open = (from: number, to: number): void => {
    for (let id = from; id < to; id++) {
      w.call(w.a, { call: 'connect', id, remote, options, deadline: Infinity })
      if (id % 100 === 0) w.run(w.now() + 100)
    }
    w.run(w.now() + 1000)
  }
  const talk = (from: number, to: number): void => {
    for (let id = from; id < to; id++) w.call(w.a, { call: 'write', id, data: new Uint8Array(100) })
    w.run(w.now() + 5000)
  }
  const memory = (): number => {
    for (const host of [w.a, w.b]) host.outputs.length = 0
    return held()
  }
  // the first ones have code compiled, and leave behind what the next are given
  open(1, FIRST)
  talk(1, FIRST)
  const before = memory()
  open(FIRST, LAST)
  expect(opened).toBe(LAST - 1)
  expect((memory() - before) / (LAST - FIRST) / 2).toBeLessThan(4096)
  talk(FIRST, LAST)
  expect(answered).toBe(LAST - 1)
  expect((memory() - before) / (LAST - FIRST) / 2).toBeLessThan(4096)
})
