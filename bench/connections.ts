import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { StackOutput } from '../src/tcpip/stack-io.ts'
import { cpu, exchange, type Host, pair } from './host-pair.ts'
import { type Measured, touchAlone } from './stack.ts'

/** Many connections between two host stacks in one process: at once, one after another, and such as say nothing. */

const MTU = 2800
const remote = { address: '10.0.0.2', port: 80 }

/** A server that does `react` for each output, and takes every connection. */
const serve = (b: Host, react: (o: StackOutput) => void = () => {}): void => {
  let next = 100_000
  b.call({ call: 'listen', id: 1, port: 80, backlog: 4096, options: { noDelay: true }, nextId: () => next++ })
  b.on = (o) => {
    if (o._tag === 'Accepted') b.call({ call: 'accept', id: o.listener })
    else react(o)
  }
}
const open = (a: Host, id: number): void => {
  a.call({ call: 'connect', id, remote, options: { noDelay: true }, deadline: performance.now() + 60_000 })
}
/** ns of CPU that `once` takes, after a warm-up. */
const costOf = (seconds: number, once: () => void): number => {
  for (const end = performance.now() + seconds * 500; performance.now() < end; ) once()
  const begin = cpu()
  let n = 0
  for (const end = performance.now() + seconds * 1000; performance.now() < end; n++) once()
  return (cpu() - begin) / n
}

/** Gbit/s of `count` streams together, both sides on one core; the limit as that of one stream. */
export const streams = (count: number, seconds: number): Measured => {
  const [a, b] = pair(MTU)
  const chunk = new Uint8Array(65_536)
  let got = 0
  const taken = new Map<number, number>()
  serve(b, (o) => {
    if (o._tag !== 'Data') return
    got += o.data.length
    taken.set(o.id, (taken.get(o.id) ?? 0) + o.data.length)
  })
  const ready: number[] = []
  a.on = (o) => {
    if (o._tag === 'Opened' || o._tag === 'Writable') ready.push(o.id)
    else if (o._tag === 'Wrote' && o.bytes === chunk.length) ready.push(o.id)
  }
  for (let id = 1; id <= count; id++) open(a, id)
  const turn = (): void => {
    for (const id of ready.splice(0)) a.call({ call: 'write', id, data: chunk })
    exchange([b, a])
    for (const [id, bytes] of taken) b.call({ call: 'consume', id, bytes })
    taken.clear()
  }
  for (const end = performance.now() + seconds * 500; performance.now() < end; ) turn()
  const [before, begin] = [got, cpu()]
  for (const end = performance.now() + seconds * 1000; performance.now() < end; ) turn()
  return { value: ((got - before) * 8) / (cpu() - begin), limit: ((MTU - 52) * 8) / touchAlone(MTU) }
}

/** µs from a question of 64 bytes to its answer; the limit sums and copies them. */
export const roundTrip = (seconds: number): Measured => {
  const [a, b] = pair(MTU)
  const text = new Uint8Array(64)
  let answered = false
  let isOpen = false
  serve(b, (o) => {
    if (o._tag === 'Data')
      b.call({ call: 'consume', id: o.id, bytes: o.data.length }, { call: 'write', id: o.id, data: text })
  })
  a.on = (o) => {
    if (o._tag === 'Opened') isOpen = true
    if (o._tag !== 'Data') return
    answered = true
    a.call({ call: 'consume', id: o.id, bytes: o.data.length })
  }
  open(a, 1)
  while (!isOpen) exchange([b, a])
  const each = costOf(seconds, () => {
    answered = false
    a.call({ call: 'write', id: 1, data: text })
    while (!answered) exchange([b, a])
  })
  return { value: each / 1000, limit: (2 * touchAlone(116)) / 1000 }
}

/** Connections opened and closed in a second, one after another; the limit handles as many bytes. */
export const connects = (seconds: number): Measured => {
  let over = false
  const meet = (): readonly [Host, Host] => {
    const [a, b] = pair(MTU)
    serve(b, (o) => {
      if (o._tag === 'Ended') b.call({ call: 'close', id: o.id })
    })
    a.on = (o) => {
      if (o._tag === 'Opened') a.call({ call: 'close', id: o.id })
      else if (o._tag === 'Closed') over = true
      else if (o._tag === 'Failed') throw new Error(`connection ${id}: ${o.code}`)
    }
    return [a, b]
  }
  let id = 1
  let [a, b] = meet()
  const each = costOf(seconds, () => {
    // each leaves its port in TIME-WAIT, and there are 16 384 of them
    if (id % 10_000 === 0) [a, b] = meet()
    over = false
    open(a, id++)
    while (!over) exchange([b, a])
  })
  return { value: 1e9 / each, limit: 1e9 / (SEGMENTS_OF_A_CONNECTION * touchAlone(60)) }
}

/** Bytes of a connection that has been used and is silent now, a side; the limit is a record of 60 numbers. */
export const idleMemory = (count: number): Measured => {
  const [a, b] = pair(MTU)
  const text = new Uint8Array(100)
  serve(b, (o) => {
    if (o._tag === 'Data') b.call({ call: 'consume', id: o.id, bytes: o.data.length })
  })
  const from = heap()
  use(a, b, 1, count, text)
  const bytes = (heap() - from) / count / 2
  const before = heap()
  const kept = Array.from({ length: count }, sixtyNumbers)
  return { value: bytes, limit: (heap() - before) / kept.length }
}

/** ns that a stack with `count` silent connections takes to find that nothing is due; the limit is a stack with none. */
export const idleWake = (count: number): Measured => {
  const wake = (connections: number): number => {
    const [a, b] = pair(MTU)
    serve(b)
    use(a, b, 1, connections, undefined)
    const begin = cpu()
    for (let i = 0; i < WAKES; i++) for (const host of [a, b]) host.tick()
    return (cpu() - begin) / WAKES / 2
  }
  return { value: wake(count), limit: wake(1) }
}

/** ms to make a stack with its addresses; the limit is the table of addresses it begins with. */
export const start = (seconds: number): Measured => ({
  value: costOf(seconds, () => pair(MTU)) / 2e6,
  limit: costOf(seconds, () => new Array(1024).fill(undefined)) / 1e6,
})

/** Opens connections `first`…, and has each say something once. */
const use = (a: Host, b: Host, first: number, count: number, text: Uint8Array | undefined): void => {
  for (let id = first; id < first + count; id++) {
    open(a, id)
    if (id % 100 === 0) while (exchange([b, a]));
  }
  while (exchange([b, a]));
  if (text === undefined) return
  for (let id = first; id < first + count; id++) {
    a.call({ call: 'write', id, data: text })
    if (id % 100 === 0) while (exchange([b, a]));
  }
  // the last ACKs are held back for a while
  for (const end = performance.now() + 100; performance.now() < end; ) exchange([b, a])
}

const NUMBERS = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`field${i}`, i]))
const sixtyNumbers = (): Record<string, number> => ({ ...NUMBERS })

setFlagsFromString('--expose_gc')
const collect = runInNewContext('gc') as () => void
const heap = (): number => {
  for (let i = 0; i < 3; i++) collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** SYN, SYN-ACK, ACK; FIN and ACK both ways. */
const SEGMENTS_OF_A_CONNECTION = 7
const WAKES = 10_000
