import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../src/protocol/kernel/rng.ts'
import type { StackOutput } from '../../../src/tcpip/stack-io.ts'
import { createTcp, tcpEnv } from '../../../src/tcpip/tcp/create-tcp.ts'
import { readSegment, segment } from '../../../src/tcpip/tcp/segment.ts'
import { stateNames } from '../../../src/tcpip/tcp/state.ts'
import type { TcpDeps } from '../../../src/tcpip/tcp/tcp.ts'
import { invariants } from './invariants.ts'
import { fakeIp, ip } from './wire.ts'

/**
 * Every order in which two TCPs may open, close and break a connection while a segment is lost or comes twice: as
 * many steps deep as `DEPTH` says, each distinct pair of machines (with what is under way between them) looked at once.
 */
type Side = 'a' | 'b'
type Event = `${'open' | 'shut' | 'close' | 'abort' | 'tick' | 'deliver' | 'lose' | 'repeat'} ${Side}`

const EVENTS: readonly Event[] = (['a', 'b'] as const).flatMap((side) =>
  (['open', 'shut', 'close', 'abort', 'tick', 'deliver', 'lose', 'repeat'] as const).map(
    (what): Event => `${what} ${side}`,
  ),
)
const START = 1_700_000_000_000
const PORTS = { a: 5000, b: 80 }
const ADDRESSES = { a: '10.0.0.1', b: '10.0.0.2' }
const other = (side: Side): Side => (side === 'a' ? 'b' : 'a')

/** Who of both opens: `b` listens, or both call each other at once. */
type Opening = 'one side opens' | 'both sides open'

class World {
  now = START
  readonly #opening: Opening
  readonly #spent = new Set<string>()
  readonly a = this.#host('a')
  readonly b = this.#host('b')

  constructor(opening: Opening) {
    this.#opening = opening
    if (opening === 'one side opens')
      this.b.tcp.call({ call: 'listen', id: 9, port: PORTS.b, backlog: 4, options: {}, nextId: () => 1 }, START)
  }

  #host(side: Side) {
    const own = ip(ADDRESSES[side])
    const flying: Uint8Array[] = []
    let id: number | undefined
    const deps: TcpDeps = {
      ip: fakeIp(
        own,
        () => 2800,
        (_remote, bytes) => flying.push(bytes.slice()),
      ),
      random: seededRandom(side === 'a' ? 1 : 2),
      trustLink: false,
      out: (o: StackOutput) => {
        if (o._tag === 'Opened' || o._tag === 'Accepted') id = o.id === 9 ? id : o.id
        else if (o._tag === 'Closed' || o._tag === 'Failed') id = undefined
      },
    }
    const env = tcpEnv(deps)
    const tcp = createTcp(deps, env)
    return { own, env, tcp, flying, id: () => id, owns: (given: number) => (id = given) }
  }

  /** False if this cannot happen now. Losing and repeating happen once, and so does what a program does. */
  apply(event: Event): boolean {
    const [what, side] = event.split(' ') as [string, Side]
    const host = this[side]
    const to = this[other(side)]
    const id = host.id()
    switch (what) {
      case 'open':
        if (side === 'b' && this.#opening === 'one side opens') return false
        if (!this.#spend(event)) return false
        host.owns(1)
        host.tcp.call(
          {
            ...{ call: 'connect', id: 1, options: {}, deadline: Infinity },
            local: { address: ADDRESSES[side], port: PORTS[side] },
            remote: { address: ADDRESSES[other(side)], port: PORTS[other(side)] },
          },
          this.now,
        )
        break
      case 'shut':
      case 'close':
      case 'abort':
        if (id === undefined || !this.#spend(event)) return false
        host.tcp.call({ call: what === 'shut' ? 'shutdown' : what, id }, this.now)
        break
      case 'tick':
        if (host.tcp.deadline() === Infinity) return false
        this.now = Math.max(this.now, host.tcp.deadline())
        host.tcp.tick(this.now)
        break
      case 'deliver': {
        const first = host.flying.shift()
        if (first === undefined) return false
        to.tcp.input(to.own, host.own, first, this.now)
        to.tcp.flush(this.now)
        return true
      }
      case 'lose':
        return host.flying.length > 0 && this.#spend('lose') && host.flying.shift() !== undefined
      default:
        if (host.flying.length === 0 || !this.#spend('repeat')) return false
        host.flying.push(host.flying[0]!)
    }
    host.tcp.flush(this.now)
    return true
  }
  #spend(what: string): boolean {
    if (this.#spent.has(what)) return false
    this.#spent.add(what)
    return true
  }

  stateOf(side: Side): string {
    const { env } = this[side]
    const [c] = env.connections.values()
    return c !== undefined ? stateNames[c.state]! : env.timeWaits.size() > 0 ? 'TIME-WAIT' : 'CLOSED'
  }
  /** Everything that decides what may follow, times left out. */
  print(): string {
    const s = segment()
    const one = (side: Side): string => {
      const host = this[side]
      const said = host.flying.map((bytes) => {
        readSegment(s, bytes)
        return `${s.flags}.${s.seq}.${s.ack}.${s.length}`
      })
      const [c] = host.env.connections.values()
      const known =
        c === undefined
          ? ''
          : `${c.snd.una},${c.snd.nxt},${c.rcv.nxt},${c.snd.finQueued},${c.snd.finSent},${c.released},${c.snd.retries}`
      return `${this.stateOf(side)} ${known} ${host.id()} ${said.join()}`
    }
    return `${one('a')} | ${one('b')} | ${[...this.#spent].sort().join()}`
  }

  /** The network has become perfect: until nothing is under way and no timer runs, or only those of a vast future. */
  settle(): void {
    for (let steps = 0; steps < 400; steps++) {
      if (this.apply('deliver a') || this.apply('deliver b')) continue
      const next = Math.min(this.a.tcp.deadline(), this.b.tcp.deadline())
      if (next === Infinity) return
      this.apply(this.a.tcp.deadline() === next ? 'tick a' : 'tick b')
    }
    throw new Error('they never come to rest')
  }
}

/** Which state the other end may be in (RFC 9293 §3.3.2); it may also have broken off, or never have heard of us. */
const PARTNERS: Readonly<Record<string, readonly string[]>> = {
  CLOSED: [],
  'SYN-SENT': ['SYN-SENT', 'SYN-RECEIVED'],
  'SYN-RECEIVED': ['SYN-SENT', 'SYN-RECEIVED', 'ESTABLISHED', 'FIN-WAIT-1'],
  ESTABLISHED: ['SYN-RECEIVED', 'ESTABLISHED', 'FIN-WAIT-1'],
  'FIN-WAIT-1': ['SYN-RECEIVED', 'ESTABLISHED', 'FIN-WAIT-1', 'CLOSE-WAIT', 'CLOSING', 'LAST-ACK'],
  'FIN-WAIT-2': ['CLOSE-WAIT', 'LAST-ACK'],
  'CLOSE-WAIT': ['FIN-WAIT-1', 'FIN-WAIT-2'],
  CLOSING: ['FIN-WAIT-1', 'CLOSING', 'TIME-WAIT'],
  'LAST-ACK': ['FIN-WAIT-1', 'FIN-WAIT-2', 'TIME-WAIT'],
  'TIME-WAIT': ['LAST-ACK', 'CLOSING', 'TIME-WAIT'],
}
/** Where both may stay for ever: open, half closed, or one has gone without the other having anything to ask. */
const AT_REST = ['CLOSED CLOSED', 'ESTABLISHED ESTABLISHED', 'CLOSE-WAIT FIN-WAIT-2', 'CLOSED ESTABLISHED']
const AT_REST_ALONE = [...AT_REST, 'CLOSE-WAIT CLOSED', 'CLOSED FIN-WAIT-2']

const replay = (opening: Opening, path: readonly Event[]): World => {
  const world = new World(opening)
  for (const event of path) world.apply(event)
  return world
}

describe.each(['one side opens', 'both sides open'] as const)('where %s', (opening) => {
  it('no order of events leads two ends into states that do not belong together, or keeps them from rest', () => {
    const seen = new Set<string>()
    let frontier: (readonly Event[])[] = [[]]
    for (let depth = 0; depth < DEPTH; depth++) {
      const next: (readonly Event[])[] = []
      for (const path of frontier)
        for (const event of EVENTS) {
          const world = replay(opening, path)
          if (!world.apply(event)) continue
          const print = world.print()
          if (seen.has(print)) continue
          seen.add(print)
          const told = [...path, event].join(', ')
          const [a, b] = [world.stateOf('a'), world.stateOf('b')]
          if (a !== 'CLOSED' && b !== 'CLOSED') expect(PARTNERS[a], `${a} and ${b} after ${told}`).toContain(b)
          for (const side of ['a', 'b'] as const) expect(invariants(world[side].env), told).toBeUndefined()
          next.push([...path, event])
        }
      frontier = next
    }
    for (const path of frontier) {
      const world = replay(opening, path)
      world.settle()
      const pair = [world.stateOf('a'), world.stateOf('b')].sort().join(' ')
      expect(AT_REST_ALONE, path.join(', ')).toContain(pair)
    }
    expect(seen.size).toBeGreaterThan(300)
  }, 1_200_000)
})

/** By hand deeper: `RXZT_DEPTH=8` takes minutes. */
const DEPTH = Number(process.env['RXZT_DEPTH'] ?? 6)
