import { expect } from 'vitest'
import type { Frame } from '../../src/protocol/kernel/frame.ts'
import { mac } from '../../src/protocol/kernel/id.ts'
import { seededRandom } from '../../src/protocol/kernel/rng.ts'
import { stack } from '../../src/tcpip/stack.ts'
import type { StackCall, StackInput, StackOutput } from '../../src/tcpip/stack-io.ts'
import { SYN_BACKLOG } from '../../src/tcpip/tcp/accept.ts'
import { createTcp, tcpEnv } from '../../src/tcpip/tcp/create-tcp.ts'
import type { TcpEnv } from '../../src/tcpip/tcp/env.ts'
import { MOST_SPANS } from '../../src/tcpip/tcp/reordering.ts'
import { membersOfUnion } from '../support/union.ts'
import { invariants } from '../tcpip/tcp/invariants.ts'
import { stackForge } from './stack-forge.ts'
import { mustBeOneOf, storm } from './storm.ts'

type Opened = Extract<StackOutput, { readonly _tag: 'Opened' }>
type Accepted = Extract<StackOutput, { readonly _tag: 'Accepted' }>

const reasons = new Set(membersOfUnion('src/tcpip/stack-io.ts', 'StackDropReason'))
const outputTags: ReadonlySet<string> = new Set(
  (
    'Frames Groups Opened Failed Accepted Data Wrote Writable Ended Closed State Datagram SoftError Echo EchoFailed ' +
    'Conflict Neighbour Drop Packet Advertised'
  ).split(' '),
)
const V4 = ['10.0.0.1', '10.0.0.2'] as const
const V6 = ['fd00::1', 'fd00::2'] as const

storm(
  'stack',
  10,
  (c, tally, seed) => {
    let now = 1_000_000
    const recent: Frame[] = []
    const flying: { readonly at: number; readonly to: number; readonly frame: Frame }[] = []
    const hosts = [0, 1].map((i) => {
      let env: TcpEnv | undefined
      const machine = stack({ mac: mac(0x0200_0000_0001 + i), random: seededRandom(10 * seed + i) }, (deps) => {
        env = tcpEnv(deps)
        return createTcp(deps, env)
      })
      return { machine, env: env!, mac: mac(0x0200_0000_0001 + i), outputs: [] as StackOutput[], read: true }
    })
    const heed = (i: number, outputs: readonly StackOutput[]): readonly StackOutput[] => {
      const host = hosts[i]!
      for (const output of outputs) {
        mustBeOneOf(output._tag, outputTags)
        if (output._tag === 'Drop') mustBeOneOf(output.reason, reasons)
        if (output._tag === 'Drop' && i === 1) tally.count(`drop ${output.reason}`)
        if (output._tag === 'Data') flying.push({ at: now, to: -1 - i, frame: consumed(output.id, output.data.length) })
        if (output._tag === 'Accepted') call(i, { call: 'accept', id: output.listener })
        if (output._tag !== 'Frames') host.outputs.push(output)
        else
          for (const frame of output.frames) {
            const copy = { ...frame, payload: frame.payload.slice() }
            recent.push(copy)
            flying.push({ at: now + 1, to: 1 - i, frame: copy })
          }
      }
      if (recent.length > 400) recent.splice(0, 200)
      if (host.outputs.length > 2_000) host.outputs.splice(0, 1_000)
      return outputs
    }
    const give = (i: number, input: StackInput): readonly StackOutput[] => {
      const { machine } = hosts[i]!
      return heed(i, machine.step(machine.initial, input, now)[1])
    }
    const call = (i: number, ...calls: readonly StackCall[]): readonly StackOutput[] =>
      give(i, { _tag: 'Calls', calls })
    const run = (span: number): void => {
      const end = now + span
      for (;;) {
        let next = Math.min(...flying.map(({ at }) => at))
        for (const { machine } of hosts) next = Math.min(next, machine.deadline(machine.initial))
        if (next > end) break
        now = Math.max(now, next)
        const due = flying.filter(({ at }) => at <= now)
        flying.splice(0, flying.length, ...flying.filter(({ at }) => at > now))
        for (const { to, frame } of due) {
          if (to >= 0) give(to, { _tag: 'Frames', frames: [{ ...frame, payload: frame.payload.slice() }] })
          // the reader takes what it got
          else call(-1 - to, { call: 'consume', id: frame.etherType, bytes: frame.to })
        }
        for (const [i, { machine }] of hosts.entries())
          if (machine.deadline(machine.initial) <= now) heed(i, machine.tick(machine.initial, now)[1])
      }
      now = end
    }

    let id = 1_000
    for (const i of [0, 1]) {
      const addresses = [
        { address: V4[i]!, bits: 24 },
        { address: V6[i]!, bits: 64 },
      ]
      give(i, { _tag: 'Configure', mtu: 2800, addresses, routes: [] })
      call(i, { call: 'bind', id: 1, port: 4000 }, { call: 'bind', id: 2, port: 5353 })
      call(i, { call: 'join-group', id: 2, group: '224.0.0.251' }, { call: 'join-group', id: 2, group: 'ff02::fb' })
      call(i, { call: 'listen', id: 3, port: 80, backlog: 10, options: {}, nextId: () => ++id })
    }
    run(3_000)
    /** Connections both ways, of both families, with something to say. */
    const talk = (): void => {
      for (const i of [0, 1])
        for (const address of [V4[1 - i]!, V6[1 - i]!]) {
          const own = ++id
          call(i, { call: 'connect', id: own, remote: { address, port: 80 }, options: {}, deadline: now + 9_999 })
          run(10)
          call(i, { call: 'write', id: own, data: new Uint8Array(c.below(20_000)) })
          call(i, { call: 'echo', id: 4, to: address, seq: c.below(0x10000), size: c.below(4_000) })
          call(i, { call: 'send', id: 1, to: { address, port: 4000 }, data: new Uint8Array(c.below(4_000)) })
          if (c.once(3)) call(i, { call: 'shutdown', id: own })
        }
    }
    talk()
    run(3)
    const victim = hosts[1]!
    const own = mac(0x0200_0000_0002)
    const smith = stackForge(c, own, V4[1], V6[1], [80, 4000, 5353, 9, 53])

    return {
      feed: () => {
        const [kind, frame] = smith(recent)
        tally.count('inputs')
        tally.count(`input ${kind}`)
        const outputs = give(1, { _tag: 'Frames', frames: [{ ...frame, payload: frame.payload.slice() }] })
        if (outputs.length === 0) tally.count(`nothing to say about ${kind}`)
        if (frame.to !== own && outputs.length === 0) expect(frame.to % 2 ** 41).toBeGreaterThanOrEqual(2 ** 40)
        // no frame of an unknown kind disappears in silence
        if (![0x0800, 0x0806, 0x86dd].includes(frame.etherType))
          expect(outputs.map(({ _tag }) => _tag)).toContain('Drop')
        if (!kind.includes('flood') && c.once(15)) run(c.pick([0, 1, 3, 50, 700]))
        if (c.once(250)) talk()
        // a program that talks to itself without listening
        if (c.once(20_000)) call(1, ...new Array<StackCall>(5_000).fill(toOneself))
        if (!kind.includes('flood') && c.once(300)) run(c.pick([5_000, 40_000]))
        return { kind, frame }
      },
      check: () => {
        const { neighbours, fragments, fragmentBytes } = victim.machine.initial.sizes()
        expect(neighbours).toBeLessThanOrEqual(4_096)
        // of both families together
        expect(fragments).toBeLessThanOrEqual(2 * 4_096)
        expect(fragmentBytes).toBeLessThanOrEqual(2 * 4 * 1024 * 1024)
        for (const { env } of hosts) {
          expect(invariants(env)).toBeUndefined()
          const halfOpen = env.connections.values().filter((one) => one.listener !== undefined && one.state === 2)
          expect(halfOpen.length).toBeLessThanOrEqual(SYN_BACKLOG)
          expect(env.timeWaits.size()).toBeLessThanOrEqual(16_384)
          expect(env.touched.length).toBe(0)
          for (const one of env.connections.values())
            expect(one.rcv.reordering.spans.length - one.rcv.reordering.first).toBeLessThanOrEqual(MOST_SPANS)
        }
      },
      aftermath: () => {
        run(200_000)
        expect(victim.machine.initial.sizes()).toMatchObject({ fragments: 0, fragmentBytes: 0 })
        for (const [from, to] of [
          [0, 1],
          [1, 0],
        ] as const)
          for (const address of [V4[to], V6[to]]) {
            hosts[from]!.outputs.length = 0
            hosts[to]!.outputs.length = 0
            const own = ++id
            call(from, { call: 'connect', id: own, remote: { address, port: 80 }, options: {}, deadline: now + 20_000 })
            run(10_000)
            call(from, { call: 'write', id: own, data: new Uint8Array(5_000) }, { call: 'shutdown', id: own })
            call(from, { call: 'echo', id: 4, to: address, seq: 7, size: 100 })
            run(10_000)
            // by the connection of now: one whose packets were seen and forged, say with a timestamp of minutes ahead, may
            // still wait for its turn
            const opened = hosts[from]!.outputs.find((one): one is Opened => one._tag === 'Opened' && one.id === own)
            const { port } = opened!.local
            const answer = hosts[to]!.outputs.find(
              (one): one is Accepted => one._tag === 'Accepted' && one.remote.port === port,
            )
            const got = hosts[to]!.outputs.reduce(
              (n, one) => n + (one._tag === 'Data' && one.id === answer?.id ? one.data.length : 0),
              0,
            )
            expect([address, got]).toEqual([address, 5_000])
            expect(hosts[from]!.outputs.map(({ _tag }) => _tag)).toContain('Echo')
          }
      },
    }
  },
  (seen) => [...reasons].filter((reason) => !seen.has(`drop ${reason}`)),
  // queues of sockets are above the stack; that so many connections wait has tests of its own
  ['udp-queue', 'tcp-backlog'],
)

const toOneself: StackCall = {
  ...{ call: 'send', id: 1, to: { address: '127.0.0.1', port: 9 } },
  data: new Uint8Array(1),
}

/** A note among the frames: the reader of socket `id` took so many bytes. */
const consumed = (id: number, length: number): Frame => ({
  ...{ to: mac(length), from: mac(0), etherType: id },
  payload: new Uint8Array(0),
})
