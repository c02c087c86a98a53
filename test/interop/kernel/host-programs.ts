/** What runs above our stack: each program hears what the stack says to one socket. */
import type { StackOutput } from '../../../src/tcpip/stack-io.ts'
import type { VxlanLink } from './vxlan-link.ts'

export type Program = (output: StackOutput) => void
export type Call = VxlanLink['call']

/** Sends back what it hears, and closes when the other side has. */
export const echo = (call: Call, id: number): Program => {
  const queue: Uint8Array[] = []
  let wrote = 0
  let isEnding = false
  const on = (): void => {
    for (let first = queue.shift(); first !== undefined; first = queue.shift()) {
      call({ call: 'write', id, data: first })
      if (wrote === first.length) continue
      queue.unshift(first.subarray(wrote))
      return
    }
    if (isEnding) call({ call: 'close', id })
  }
  return (o) => {
    if (o._tag === 'Wrote') wrote = o.bytes
    else if (o._tag === 'Data') {
      queue.push(o.data)
      on()
      call({ call: 'consume', id, bytes: o.data.length })
    } else if (o._tag === 'Writable') on()
    else if (o._tag === 'Ended') {
      isEnding = true
      if (queue.length === 0) on()
    }
  }
}

/** Sends so many bytes (for ever: `Infinity`), then nothing more; `stop` ends it early. */
export const source = (
  call: Call,
  id: number,
  bytes: number,
): Program & { readonly stop: () => void; sent: number } => {
  let isOver = false
  const more = (): void => {
    const left = bytes - program.sent
    if (isOver) return
    if (left > 0) call({ call: 'write', id, data: left < BLOCK.length ? BLOCK.subarray(0, left) : BLOCK })
    else {
      isOver = true
      call({ call: 'shutdown', id })
    }
  }
  const stop = (): void => {
    isOver = true
  }
  const hear: Program = (o) => {
    if (o._tag === 'Opened' || o._tag === 'Accepted' || o._tag === 'Writable') more()
    else if (o._tag === 'Wrote') {
      program.sent += o.bytes
      if (o.bytes > 0) setImmediate(more)
    } else if (o._tag === 'Ended') call({ call: 'close', id })
    else if (o._tag === 'Data') call({ call: 'consume', id, bytes: o.data.length })
  }
  const program = Object.assign(hear, { stop, sent: 0 })
  return program
}

/** Counts what it hears; while `reading` says no, the window stays shut. */
export const sinks = (call: Call) => {
  const held = new Map<number, number>()
  let isReading = true
  const all = {
    bytes: 0,
    reading: (on: boolean): void => {
      isReading = on
      if (!on) return
      for (const [id, bytes] of held) call({ call: 'consume', id, bytes })
      held.clear()
    },
    open:
      (id: number): Program =>
      (o) => {
        if (o._tag === 'Ended') call({ call: 'close', id })
        if (o._tag !== 'Data') return
        all.bytes += o.data.length
        if (isReading) call({ call: 'consume', id, bytes: o.data.length })
        else held.set(id, (held.get(id) ?? 0) + o.data.length)
      },
  }
  return all
}

const BLOCK = new Uint8Array(262_144)
