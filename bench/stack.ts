import { sum } from '../src/tcpip/checksum.ts'
import type { StackCall } from '../src/tcpip/stack-io.ts'
import { cpu, exchange, pair } from './host-pair.ts'

/**
 * Two host stacks in one process: what IP and the sockets above it cost, without any network. By CPU time, which says
 * more than the wall clock on a shared machine. Each measure comes with what it is compared to.
 */
export interface Measured {
  readonly value: number
  readonly limit: number
}

/** Gbit/s of one stream, both sides on one core; the limit does no more than sum and copy each segment twice. */
export const bulk = (mtu: number, seconds: number, address = '10.0.0.2'): Measured => {
  const bits = (mtu - TCP_HEADERS) * 8
  const { run } = stream(mtu, address)
  run(seconds)
  const { ns, segments } = run(seconds)
  return { value: (bits * segments) / ns, limit: bits / touchAlone(mtu) }
}

/** Bytes of heap that a data segment leaves to the collector; the limit is one view of its bytes. */
export const allocation = (): Measured => {
  const { run } = stream(2800, '10.0.0.2')
  run(1)
  const { heap, segments } = run(1)
  const views: Uint8Array[] = []
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < VIEWS; i++) views.push(shared.subarray(1))
  const view = (process.memoryUsage().heapUsed - before) / views.length
  return { value: heap / segments, limit: view }
}

/** Datagrams of `size` bytes in a second through both sides; the limit is their sum and copy. */
export const datagrams = (size: number, seconds: number, address = '10.0.0.2'): Measured => {
  const [a, b] = pair(2800)
  let got = 0
  b.on = (output) => {
    if (output._tag === 'Datagram') got++
  }
  a.call({ call: 'bind', id: 1, port: 4000 })
  b.call({ call: 'bind', id: 1, port: 5000 })
  const calls: StackCall[] = new Array(32).fill({
    ...{ call: 'send', id: 1, to: { address, port: 5000 }, data: new Uint8Array(size) },
  })
  const run = (duration: number): number => {
    const [begin, before] = [cpu(), got]
    for (const end = performance.now() + duration * 1000; performance.now() < end; )
      for (let i = 0; i < 50; i++) {
        a.call(...calls)
        while (exchange([b, a]));
      }
    return ((got - before) * 1e9) / (cpu() - begin)
  }
  run(seconds)
  return { value: run(seconds), limit: 1e9 / touchAlone(size + 28) }
}

const stream = (mtu: number, address: string) => {
  const [a, b] = pair(mtu)
  const chunk = new Uint8Array(256 * 1024)
  let [got, taken] = [0, 0]
  let wants = false
  b.call({ call: 'listen', id: 1, port: 80, backlog: 1, options: {}, nextId: () => 2 })
  b.on = (output) => {
    if (output._tag !== 'Data') return
    got += output.data.length
    taken += output.data.length
  }
  a.on = (output) => {
    if (output._tag === 'Opened' || output._tag === 'Writable') wants = true
    else if (output._tag === 'Wrote') wants = output.bytes === chunk.length
  }
  a.call({ call: 'connect', id: 1, remote: { address, port: 80 }, options: {}, deadline: Infinity })
  const turn = (): void => {
    if (wants) {
      wants = false
      a.call({ call: 'write', id: 1, data: chunk })
    }
    exchange([b, a])
    if (taken <= 64 * 1024) return
    b.call({ call: 'consume', id: 2, bytes: taken })
    taken = 0
  }
  /** CPU time, segments received, and what the heap grew by between collections. */
  const run = (duration: number) => {
    const [begin, before] = [cpu(), got]
    let heap = 0
    let last = process.memoryUsage().heapUsed
    for (const end = performance.now() + duration * 1000; performance.now() < end; ) {
      for (let i = 0; i < 50; i++) turn()
      const now = process.memoryUsage().heapUsed
      if (now > last) heap += now - last
      last = now
    }
    return { ns: cpu() - begin, segments: (got - before) / (mtu - TCP_HEADERS), heap }
  }
  return { run }
}

/** ns to sum and to copy so many bytes twice: what each side has to do with them at least. */
export const touchAlone = (length: number): number => {
  const from = new Uint8Array(length).fill(85)
  const to = new Uint8Array(length)
  let total = 0
  const begin = cpu()
  for (let i = 0; i < TOUCHES; i++) {
    total += sum(from) + sum(to)
    to.set(from)
    from.set(to)
  }
  return total > 0 ? (cpu() - begin) / TOUCHES : 0
}

/** IPv4, TCP, timestamps. */
const TCP_HEADERS = 52
const TOUCHES = 200_000
const VIEWS = 10_000
const shared = new Uint8Array(2)
