import { next, type Rng, rng, seededRandom } from '../../../src/protocol/kernel/rng.ts'
import type { CongestionControl, TcpOptions } from '../../../src/tcpip/stack-io.ts'
import type { Connection } from '../../../src/tcpip/tcp/connection.ts'
import { createTcp, tcpEnv } from '../../../src/tcpip/tcp/create-tcp.ts'
import type { Tcp } from '../../../src/tcpip/tcp/tcp.ts'
import { fakeIp, ip } from '../tcp/wire.ts'
import type { Aqm } from './aqm.ts'

/**
 * A network in virtual time for congestion control: real TCPs at both ends, and between them one bottleneck that all
 * flows share (rate, drop-tail queue, noise), then a way of its own for each. ACKs come back without a queue.
 * Noise hits datagrams of 1400 bytes, in front of the queue: a frame of 2800 is two of them.
 */
export interface Link {
  /** Bytes per ms, headers included. */
  rate: number
  /** Bytes the queue takes. */
  buffer: number
  /** Probability of losing a datagram, both ways. */
  loss: number
  /** ACKs are let go at multiples of this many ms. */
  ackEvery?: number
  /** Nothing gets through. */
  dead?: boolean
  /** Drops before the queue is full. */
  aqm?: Aqm
  /** Drops without delaying: a token bucket of `rate` and `depth`. */
  policer?: { readonly rate: number; readonly depth: number }
}

export interface FlowPlan {
  readonly control: CongestionControl
  /** Round trip in ms without any queue. */
  readonly rtt: number
  readonly start?: number
  /** Bytes to send; absent: without end. */
  readonly bytes?: number
  readonly options?: TcpOptions
  readonly receive?: number
}

export interface Flow {
  readonly plan: FlowPlan
  /** Bytes handed to the reader. */
  received: number
  /** ms of virtual time when the last byte of `plan.bytes` arrived. */
  doneAt: number
  sent: number
  lost: number
  rtt: number
  readonly sender: () => Connection | undefined
  readonly tcp: Tcp
  /** Writes no more until set again. */
  paused: boolean
}

export interface Net {
  readonly link: Link
  readonly flows: Flow[]
  readonly now: () => number
  readonly run: (until: number) => void
  readonly at: (time: number, act: () => void) => void
  /** Queue delay in ms seen by each segment since the last `mark`. */
  readonly delays: number[]
  readonly mark: () => void
  /** A number that stands for all departures, to compare runs. */
  readonly trace: () => number
  readonly hint: (flow: Flow) => void
}

interface Packet {
  readonly at: number
  readonly bytes: Uint8Array
}

interface End extends Flow {
  readonly far: Tcp
  readonly forward: Packet[]
  readonly back: Packet[]
  forwardHead: number
  backHead: number
  wants: boolean
  consumed: number
  taken: number
  written: number
  opened: boolean
  /** Of its timers, 0…1. */
  readonly phase: number
}

export const network = (seed: number, link: Link, plans: readonly FlowPlan[], timerGrid = 0): Net => {
  let now = 0
  let generator: Rng = rng(seed)
  const uniform = (): number => {
    const [value, after] = next(generator)
    generator = after
    return value / 0x1_0000_0000
  }
  let busyUntil = 0
  let tokens = Infinity
  let tokensAt = 0
  let trace = 0
  const delays: number[] = []
  const plansLater: { readonly time: number; readonly act: () => void }[] = []

  const survives = (length: number): boolean => {
    if (link.dead) return false
    if (link.loss === 0) return true
    for (let left = length; left > 0; left -= DATAGRAM) if (uniform() < link.loss) return false
    return true
  }
  const police = (length: number): boolean => {
    const p = link.policer
    if (p === undefined) return true
    tokens = Math.min(p.depth, tokens + p.rate * (now - tokensAt))
    tokensAt = now
    if (tokens < length) return false
    tokens -= length
    return true
  }
  const queued = (): number => Math.max(0, busyUntil - now) * link.rate
  const intoQueue = (f: End, segment: Uint8Array): void => {
    const length = segment.length + IP_HEADER
    f.sent++
    trace = (Math.imul(trace, 31) + Math.round(now * 1000) + length) | 0
    const isHandshake = (segment[13]! & 2) !== 0
    if (!isHandshake && !survives(length)) {
      f.lost++
      return
    }
    if (queued() + length > link.buffer || !police(length)) {
      f.lost++
      return
    }
    const from = Math.max(now, busyUntil)
    if (link.aqm !== undefined && !isHandshake && !link.aqm.takes(now, from, length)) {
      f.lost++
      return
    }
    busyUntil = from + length / link.rate
    if (segment.length > 100) delays.push(from - now)
    push(f.forward, f.forwardHead, { at: busyUntil + f.rtt / 2, bytes: segment })
  }
  const straightBack = (f: End, segment: Uint8Array): void => {
    if ((segment[13]! & 2) === 0 && !survives(segment.length + IP_HEADER)) return
    const at = now + f.rtt / 2
    push(f.back, f.backHead, {
      at: link.ackEvery === undefined ? at : Math.ceil(at / link.ackEvery) * link.ackEvery,
      bytes: segment,
    })
  }

  const make = (plan: FlowPlan, n: number): End => {
    let slab = new Uint8Array(SLAB)
    let used = 0
    const allocate = (length: number): Uint8Array => {
      if (used + length > SLAB) {
        slab = new Uint8Array(SLAB)
        used = 0
      }
      used += length
      return slab.subarray(used - length, used)
    }
    const host = (own: string, salt: number, send: (segment: Uint8Array) => void, far: boolean): Tcp => {
      const deps = {
        ip: {
          ...fakeIp(
            ip(own),
            () => 2800,
            (_remote, segment) => send(segment),
          ),
          allocate: (_flow: unknown, length: number) => allocate(length),
        },
        random: seededRandom(seed * 64 + n * 2 + salt),
        out: (output: Parameters<Parameters<typeof tcpEnv>[0]['out']>[0]) => {
          if (far) {
            if (output._tag === 'Data') {
              f.received += output.data.length
              f.consumed += output.data.length
              if (plan.bytes !== undefined && f.received >= plan.bytes && f.doneAt === Infinity) f.doneAt = now
            }
          } else if (output._tag === 'Opened') {
            f.opened = true
            f.wants = true
          } else if (output._tag === 'Writable') f.wants = true
          else if (output._tag === 'Wrote') f.taken = output.bytes
        },
        trustLink: true,
      }
      const env = tcpEnv(deps)
      if (!far) Object.assign(f, { sender: () => env.byId.get(1) })
      return createTcp(deps, env)
    }
    const f: End = {
      ...{ plan, received: 0, doneAt: Infinity, sent: 0, lost: 0, rtt: plan.rtt, paused: false, opened: false },
      ...{ forward: [], back: [], forwardHead: 0, backHead: 0, wants: false, consumed: 0, taken: 0, written: 0 },
      sender: () => undefined,
      phase: (n * GOLDEN) % 1,
      tcp: {} as Tcp,
      far: {} as Tcp,
    }
    Object.assign(f, {
      tcp: host('10.0.0.1', 0, (segment) => intoQueue(f, segment), false),
      far: host('10.0.0.2', 1, (segment) => straightBack(f, segment), true),
    })
    const receive = plan.receive === undefined ? {} : { receiveBuffer: plan.receive }
    f.far.call({ call: 'listen', id: 9, port: 80, backlog: 1, options: receive, nextId: () => 1 }, 0)
    later(plan.start ?? 0, () => {
      const options = { congestionControl: plan.control, ...plan.options }
      const remote = { address: '10.0.0.2', port: 80 }
      f.tcp.call({ call: 'connect', id: 1, remote, options, deadline: Infinity }, now)
      settle(f)
    })
    return f
  }
  const later = (time: number, act: () => void): void => {
    plansLater.push({ time, act })
    plansLater.sort((x, y) => x.time - y.time)
  }
  /** Lets the programs at both ends write and read, and TCP say what it has to. */
  const settle = (f: End): void => {
    while (f.wants && !f.paused) {
      const left = (f.plan.bytes ?? Infinity) - f.written
      const data = left >= CHUNK.length ? CHUNK : CHUNK.subarray(0, left)
      if (data.length === 0) {
        f.wants = false
        break
      }
      f.tcp.call({ call: 'write', id: 1, data }, now)
      f.written += f.taken
      if (f.taken < data.length) f.wants = false
    }
    f.tcp.flush(now)
    if (f.consumed > 0) {
      f.far.call({ call: 'consume', id: 1, bytes: f.consumed }, now)
      f.consumed = 0
    }
    f.far.flush(now)
  }
  /** Each pair of hosts has a clock tick of its own: none of them is always the first to send. */
  const onGrid = (f: End, deadline: number): number =>
    timerGrid > 0 && deadline < Infinity ? (Math.ceil(deadline / timerGrid - f.phase) + f.phase) * timerGrid : deadline

  const flows: End[] = []
  for (const plan of plans) flows.push(make(plan, flows.length))
  return {
    link,
    flows,
    now: () => now,
    delays,
    mark: () => {
      delays.length = 0
    },
    trace: () => trace,
    at: later,
    hint: (flow) => flow.tcp.pathChanged(() => true, now),
    run: (until) => {
      for (;;) {
        let at = plansLater[0]?.time ?? Infinity
        for (const f of flows) {
          at = Math.min(at, f.forward[f.forwardHead]?.at ?? Infinity, f.back[f.backHead]?.at ?? Infinity)
          at = Math.min(at, Math.max(now, onGrid(f, Math.min(f.tcp.deadline(), f.far.deadline()))))
        }
        if (at > until) {
          now = until
          return
        }
        now = Math.max(now, at)
        while (plansLater.length > 0 && plansLater[0]!.time <= now) plansLater.shift()!.act()
        for (const f of flows) {
          let moved = false
          for (; f.forward[f.forwardHead] !== undefined && f.forward[f.forwardHead]!.at <= now; f.forwardHead++) {
            f.far.input(FAR, NEAR, f.forward[f.forwardHead]!.bytes, now)
            moved = true
          }
          for (; f.back[f.backHead] !== undefined && f.back[f.backHead]!.at <= now; f.backHead++) {
            f.tcp.input(NEAR, FAR, f.back[f.backHead]!.bytes, now)
            moved = true
          }
          f.forwardHead = trim(f.forward, f.forwardHead)
          f.backHead = trim(f.back, f.backHead)
          if (onGrid(f, f.tcp.deadline()) <= now) {
            f.tcp.tick(now)
            moved = true
          }
          if (onGrid(f, f.far.deadline()) <= now) {
            f.far.tick(now)
            moved = true
          }
          if (moved) settle(f)
        }
      }
    },
  }
}

/** Appends in order of arrival: nothing overtakes, even when the way gets shorter. */
const push = (queue: Packet[], head: number, packet: Packet): void => {
  let i = queue.length
  while (i > head && queue[i - 1]!.at > packet.at) i--
  if (i === queue.length) queue.push(packet)
  else queue.splice(i, 0, packet)
}

/** Forgets what has arrived; returns the new head. */
const trim = (queue: Packet[], head: number): number => {
  if (head === queue.length) {
    queue.length = 0
    return 0
  }
  if (head < 4096) return head
  queue.splice(0, head)
  return 0
}

const NEAR = ip('10.0.0.1')
const FAR = ip('10.0.0.2')
const CHUNK = new Uint8Array(65_536)
const SLAB = 1 << 20
const IP_HEADER = 20
const DATAGRAM = 1400
const GOLDEN = 0.618
