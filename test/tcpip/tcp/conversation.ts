import { next, type Rng, rng } from '../../../src/protocol/kernel/rng.ts'
import type { SocketErrorCode, StackOutput, TcpOptions } from '../../../src/tcpip/stack-io.ts'
import { type Host, type Weather, type Wire, wire } from './wire.ts'

export interface Side {
  /** How many bytes this side writes before it says that there will be no more. */
  readonly total: number
  /** Largest single write. */
  readonly chunk: number
  /** ms between a `Data` and its `consume`; 0: at once. */
  readonly readDelay?: number
  readonly options?: TcpOptions
}

export interface Outcome {
  readonly intact: boolean
  readonly received: { readonly a: number; readonly b: number }
  readonly ended: { readonly a: string; readonly b: string }
  readonly took: number
  readonly stats: Wire['stats']
}

/** Bytes that say where in the stream they belong. */
const byteAt = (at: number): number => (at * 131 + (at >>> 8) * 7 + (at >>> 16)) & 0xff

/**
 * A whole conversation between two TCPs: both write and read at random, close their side when done, and everything
 * that arrives is compared with what was written.
 */
export const converse = (
  seed: number,
  weather: Weather,
  a: Side,
  b: Side,
  limit: number,
  watch?: (wire: Wire, from: Host, segment: Uint8Array, fate: 'sent' | 'lost') => void,
): Outcome => {
  let generator: Rng = rng(seed ^ 0x5eed)
  const uniform = (): number => {
    const [value, after] = next(generator)
    generator = after
    return value / 0x1_0000_0000
  }
  const sides = {
    a: { plan: a, id: -1, written: 0, read: 0, end: 'open' as string, shut: false, blocked: false },
    b: { plan: b, id: -1, written: 0, read: 0, end: 'open' as string, shut: false, blocked: false },
  }
  let intact = true
  const write = (w: Wire, h: Host): void => {
    const side = h === w.a ? sides.a : sides.b
    if (side.id < 0 || side.shut || side.end !== 'open') return
    const left = side.plan.total - side.written
    if (left === 0) {
      side.shut = true
      w.call(h, { call: 'shutdown', id: side.id })
      return
    }
    const data = new Uint8Array(Math.min(left, 1 + Math.floor(uniform() * side.plan.chunk)))
    for (let i = 0; i < data.length; i++) data[i] = byteAt(side.written + i)
    w.call(h, { call: 'write', id: side.id, data })
  }
  const react = (w: Wire, h: Host, o: StackOutput): void => {
    const side = h === w.a ? sides.a : sides.b
    switch (o._tag) {
      case 'Opened':
      case 'Accepted':
        if (o.id >= 100) return
        side.id = o.id
        write(w, h)
        return
      case 'Data':
        for (const byte of o.data) if (byte !== byteAt(side.read++)) intact = false
        if ((side.plan.readDelay ?? 0) === 0) w.call(h, { call: 'consume', id: o.id, bytes: o.data.length })
        else
          w.later(uniform() * side.plan.readDelay!, () =>
            w.call(h, { call: 'consume', id: o.id, bytes: o.data.length }),
          )
        return
      case 'Wrote':
        side.written += o.bytes
        if (o.bytes > 0) w.later(uniform() < 0.8 ? 0 : uniform() * 50, () => write(w, h))
        return
      case 'Writable':
        write(w, h)
        return
      case 'Closed':
        side.end = 'Closed'
        return
      case 'Failed':
        side.end = o.code satisfies SocketErrorCode
        return
      default:
        return
    }
  }
  const w = wire(seed, weather, react)
  if (watch !== undefined) w.watch = (from, segment, fate) => watch(w, from, segment, fate)
  const start = w.now()
  w.call(w.b, { call: 'listen', id: 100, port: 80, backlog: 5, options: b.options ?? {}, nextId: () => 2 })
  w.call(w.a, {
    call: 'connect',
    id: 1,
    remote: { address: '10.0.0.2', port: 80 },
    options: a.options ?? {},
    deadline: Infinity,
  })
  const over = (): boolean => sides.a.end !== 'open' && sides.b.end !== 'open'
  w.run(start + limit, over)
  return {
    intact,
    received: { a: sides.a.read, b: sides.b.read },
    ended: { a: sides.a.end, b: sides.b.end },
    took: w.now() - start,
    stats: w.stats,
  }
}
