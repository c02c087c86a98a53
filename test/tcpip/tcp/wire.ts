import { parseIp } from '../../../src/protocol/kernel/ip.ts'
import { next, type Rng, rng, seededRandom } from '../../../src/protocol/kernel/rng.ts'
import type { Ip, IpOutput } from '../../../src/tcpip/ip-output.ts'
import type { StackCall, StackOutput } from '../../../src/tcpip/stack-io.ts'
import { createTcp, tcpEnv } from '../../../src/tcpip/tcp/create-tcp.ts'
import type { Tcp, TcpDeps } from '../../../src/tcpip/tcp/tcp.ts'
import { invariants } from './invariants.ts'

/** An address as the stack would give it. */
export const ip = (text: string): Ip => {
  const bytes = parseIp(text)!
  return { family: bytes.length === 4 ? 4 : 6, bytes, text }
}

/** IP as TCP sees it, in its simplest form: one address, segments handed to `send`. */
export const fakeIp = (own: Ip, mtu: () => number, send: (remote: Ip, segment: Uint8Array) => void): IpOutput => ({
  allocate: (_flow, length) => new Uint8Array(length),
  send: (flow, area) => {
    send(flow.remote, area)
    return undefined
  },
  mtu: (flow) => (flow.remote.text === own.text ? 65_535 : mtu()),
  lowerMtu: () => undefined,
  confirm: () => undefined,
  doubt: () => undefined,
  waits: () => false,
  source: () => own,
  address: (text) => (parseIp(text) === undefined ? undefined : ip(text)),
  isLocal: (other) => other.text === own.text,
  isGroup: () => false,
})

export interface Weather {
  /** One-way delay in ms, and a uniform addition to it (which reorders). */
  readonly delay: number
  readonly jitter?: number
  readonly loss?: number
  readonly duplicate?: number
  /** Bytes per ms, with a drop-tail queue of `buffer` bytes. */
  readonly rate?: number
  readonly buffer?: number
  readonly mtu?: number
  /** IP packets longer than this vanish, and nobody says so. */
  readonly swallows?: number
  /** Share of segments that arrive with a bit turned. */
  readonly corruption?: number
  /** Arrivals wait for the next multiple of so many ms, and are handed over so many at once. */
  readonly grid?: number
  readonly batch?: number
  /** The weather after so many ms. */
  readonly later?: { readonly after: number; readonly weather: Weather }
}

interface Host {
  readonly ip: Ip
  readonly tcp: Tcp
  readonly outputs: StackOutput[]
  /** What is wrong with the state, if anything is. */
  readonly check: () => string | undefined
}

interface Flight {
  readonly at: number
  readonly order: number
  readonly to: Host
  readonly from: Host
  readonly segment: Uint8Array
}

/** Two TCPs, a wire with weather between them, and a clock that only this object moves. */
export interface Wire {
  readonly a: Host
  readonly b: Host
  readonly now: () => number
  readonly call: (host: Host, call: StackCall) => void
  /** Runs until `until`, or until nothing is left to happen; false if `done` never became true. */
  readonly run: (until: number, done?: () => boolean) => boolean
  readonly weather: (weather: Weather) => void
  /** Something the program above does later. */
  readonly later: (ms: number, act: () => void) => void
  readonly stats: { segments: number; lost: number; bytes: number }
  /** Sees each copy that is put on the wire, and what becomes of it. */
  watch: ((from: Host, segment: Uint8Array, fate: 'sent' | 'lost') => void) | undefined
  /** Sees what is put on the wire; false swallows it. */
  filter: ((from: Host, segment: Uint8Array) => boolean) | undefined
}

export const wire = (
  seed: number,
  first: Weather,
  react: (wire: Wire, host: Host, output: StackOutput) => void,
  checking = true,
): Wire => {
  let now = 1_700_000_000_000
  let weather = first
  let generator: Rng = rng(seed)
  let order = 0
  const flights: Flight[] = []
  const plans: { readonly at: number; readonly act: () => void }[] = []
  const busyUntil = { a: 0, b: 0 }
  const uniform = (): number => {
    const [value, after] = next(generator)
    generator = after
    return value / 0x1_0000_0000
  }
  const put = (from: Host, segment: Uint8Array): void => {
    self.stats.segments++
    self.stats.bytes += segment.length
    if (self.filter !== undefined && !self.filter(from, segment)) return
    const copies = uniform() < (weather.duplicate ?? 0) ? 2 : 1
    for (let i = 0; i < copies; i++) {
      const isSwallowed = segment.length + IP_HEADER > (weather.swallows ?? Infinity)
      if (uniform() < (weather.loss ?? 0) || isSwallowed) {
        self.stats.lost++
        self.watch?.(from, segment, 'lost')
        continue
      }
      self.watch?.(from, segment, 'sent')
      let leaves = now
      if (weather.rate !== undefined) {
        const side = from === self.a ? 'a' : 'b'
        const queued = Math.max(0, busyUntil[side] - now) * weather.rate
        if (queued + segment.length > (weather.buffer ?? Infinity)) {
          self.stats.lost++
          continue
        }
        leaves = Math.max(now, busyUntil[side]) + segment.length / weather.rate
        busyUntil[side] = leaves
      }
      const arrives = leaves + weather.delay + uniform() * (weather.jitter ?? 0)
      const at = weather.grid === undefined ? arrives : Math.ceil(arrives / weather.grid) * weather.grid
      const arriving = weather.corruption === undefined || uniform() >= weather.corruption ? segment : spoilt(segment)
      const flight = { at, order: order++, to: from === self.a ? self.b : self.a, from, segment: arriving }
      let i2 = flights.length
      while (i2 > 0 && flights[i2 - 1]!.at > at) i2--
      flights.splice(i2, 0, flight)
    }
  }
  const spoilt = (segment: Uint8Array): Uint8Array => {
    const copy = segment.slice()
    copy[Math.floor(uniform() * copy.length)]! ^= 1 << Math.floor(uniform() * 8)
    return copy
  }
  const host = (text: string, n: number): Host => {
    const own = ip(text)
    const looped: Uint8Array[] = []
    const outputs: StackOutput[] = []
    const deps: TcpDeps = {
      ip: fakeIp(
        own,
        () => weather.mtu ?? 2800,
        (remote, segment) => {
          if (remote.text === own.text) looped.push(segment)
          else put(made, segment)
        },
      ),
      random: seededRandom(seed * 2 + n),
      out: (output) => outputs.push(output),
      trustLink: false,
    }
    const env = tcpEnv(deps)
    const tcp = createTcp(deps, env)
    const made: Host = { ip: own, tcp, outputs, check: () => invariants(env) }
    return made
  }
  const drain = (h: Host): void => {
    h.tcp.flush(now)
    const wrong = checking ? h.check() : undefined
    if (wrong !== undefined) throw new Error(wrong)
    while (h.outputs.length > 0) react(self, h, h.outputs.shift()!)
  }
  const self: Wire = {
    a: host('10.0.0.1', 0),
    b: host('10.0.0.2', 1),
    now: () => now,
    call: (h, call) => {
      h.tcp.call(call, now)
      h.tcp.flush(now)
    },
    run: (until, done) => {
      drain(self.a)
      drain(self.b)
      for (;;) {
        if (done?.()) return true
        const at = Math.min(
          flights[0]?.at ?? Infinity,
          plans[0]?.at ?? Infinity,
          self.a.tcp.deadline(),
          self.b.tcp.deadline(),
        )
        if (at > until || at === Infinity) {
          now = Math.max(now, Math.min(until, at))
          return done?.() ?? true
        }
        now = Math.max(now, at)
        for (let n = 1; flights.length > 0 && flights[0]!.at <= now; n++) {
          const f = flights.shift()!
          f.to.tcp.input(f.to.ip, f.from.ip, f.segment, now)
          if (weather.batch !== undefined && n % weather.batch === 0) drain(f.to)
        }
        while (plans.length > 0 && plans[0]!.at <= now) plans.shift()!.act()
        for (const h of [self.a, self.b]) {
          if (h.tcp.deadline() <= now) h.tcp.tick(now)
          drain(h)
        }
      }
    },
    later: (ms, act) => {
      plans.push({ at: now + ms, act })
      plans.sort((x, y) => x.at - y.at)
    },
    weather: (w) => {
      weather = w
    },
    stats: { segments: 0, lost: 0, bytes: 0 },
    watch: undefined,
    filter: undefined,
  }
  if (first.later !== undefined) {
    const { after, weather: next } = first.later
    self.later(after, () => self.weather(next))
  }
  return self
}
export type { Host }

const IP_HEADER = 20
