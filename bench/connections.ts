/**
 * Many connections between two host stacks in one process: a hundred at once, one after another, and ten thousand that
 * say nothing.
 *
 *     node --expose-gc --import tsx bench/connections.ts [seconds]
 */
import type { StackOutput } from '../src/tcpip/stack-io.ts'
import { cpu, exchange, type Host, pair } from './host-pair.ts'

const seconds = Number(process.argv[2] ?? 2)
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
/** Times `once` for `seconds`, after a warm-up as long as half of it; per second and ns of CPU each. */
const rate = (name: string, once: () => void): void => {
  for (const end = performance.now() + seconds * 500; performance.now() < end; ) once()
  const [begin, cpuBegin] = [performance.now(), cpu()]
  let n = 0
  for (; performance.now() < begin + seconds * 1000; n++) once()
  const each = (cpu() - cpuBegin) / n
  console.log(
    `${name}: ${((n * 1000) / (performance.now() - begin)).toFixed(0)}/s, ${(each / 1000).toFixed(1)} µs of CPU each`,
  )
}

const streams = (count: number): void => {
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
  const [begin, before, cpuBegin] = [performance.now(), got, cpu()]
  while (performance.now() < begin + seconds * 1000) turn()
  const bits = ((got - before) * 8) / (performance.now() - begin) / 1e6
  const each = (cpu() - cpuBegin) / ((got - before) / (MTU - 52))
  console.log(`${count} streams: ${bits.toFixed(2)} Gbit/s, ${each.toFixed(0)} ns of CPU per segment`)
}

const questions = (): void => {
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
  rate('question and answer of 64 bytes', () => {
    answered = false
    a.call({ call: 'write', id: 1, data: text })
    while (!answered) exchange([b, a])
  })
}

const oneAfterAnother = (): void => {
  const [a, b] = pair(MTU)
  let id = 1
  let over = false
  serve(b, (o) => {
    if (o._tag === 'Ended') b.call({ call: 'close', id: o.id })
  })
  a.on = (o) => {
    if (o._tag === 'Opened') a.call({ call: 'close', id: o.id })
    else if (o._tag === 'Closed') over = true
    else if (o._tag === 'Failed') throw new Error(o.code)
  }
  rate('connect and close', () => {
    over = false
    open(a, id++)
    while (!over) exchange([b, a])
  })
}

const idle = (count: number): void => {
  const [a, b] = pair(MTU)
  serve(b)
  let opened = 0
  a.on = (o) => {
    if (o._tag === 'Opened') opened++
  }
  const heap = (): number => {
    globalThis.gc?.()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  const before = heap()
  for (let id = 1; id <= count; id++) {
    open(a, id)
    if (id % 100 === 0) while (exchange([b, a]));
  }
  while (opened < count) exchange([b, a])
  while (exchange([b, a]));
  const bytes = (heap() - before) / count / 2
  while (exchange([b, a]));
  // nothing is due before the neighbours want to know of each other
  const due = Math.min(...[a, b].map(({ machine }) => machine.deadline(machine.initial))) - performance.now()
  const begin = cpu()
  for (let i = 0; i < 1000; i++) for (const host of [a, b]) host.tick()
  const wake = (cpu() - begin) / 2000
  console.log(
    `${count} idle connections: ${bytes.toFixed(0)} bytes each side, next timer in ${due.toFixed(0)} ms, ${wake.toFixed(0)} ns a wake`,
  )
}

const start = (): void => {
  rate('a stack from nothing', () => {
    pair(MTU)
  })
}

streams(100)
questions()
oneAfterAnother()
idle(10_000)
start()
