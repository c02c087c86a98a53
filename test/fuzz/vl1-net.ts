import { printIdentity, type SecretIdentity } from '../../src/protocol/crypto/identity.ts'
import type { Endpoint, LinkDatagram } from '../../src/protocol/datagram.ts'
import type { Address } from '../../src/protocol/kernel/id.ts'
import type { Machine, Millis } from '../../src/protocol/kernel/machine.ts'
import { seededRandom } from '../../src/protocol/kernel/rng.ts'
import { printEndpoint } from '../../src/protocol/peer/endpoint.ts'
import { type Vl1State, vl1 } from '../../src/protocol/vl1.ts'
import type { Message, Vl1Input, Vl1Output } from '../../src/protocol/vl1-io.ts'
import type { World } from '../../src/protocol/world/world.ts'
import { fastCrypto } from '../../src/streams/io/crypto-fast.ts'

export interface Vl1Host {
  readonly self: SecretIdentity
  readonly at: Endpoint
  readonly machine: Machine<Vl1State, Vl1Input, Vl1Output>
  readonly state: Vl1State
  readonly messages: Message[]
}

/** A datagram as it was on the wire. */
export interface Carried {
  readonly from: Endpoint
  readonly to: Endpoint
  readonly data: Uint8Array
}

/** Machines and the Internet between them, in virtual time; whoever is nowhere gets nothing. */
export interface Vl1Net {
  now: Millis
  /** Datagrams that any host was given, but for the greetings of old nodes in a LAN, which no tap shows. */
  arrived: number
  readonly hosts: readonly Vl1Host[]
  /** The last datagrams carried; bounded. */
  readonly recent: Carried[]
  readonly give: (host: Vl1Host, input: Vl1Input) => readonly Vl1Output[]
  readonly run: (span: Millis) => void
}

/** `said` hears all outputs; `judge` is the memory-hard check, which takes too long for storms. */
export const vl1Net = (
  seed: number,
  planet: World,
  members: readonly (readonly [SecretIdentity, Endpoint])[],
  said: (host: Vl1Host, output: Vl1Output) => void,
  judge: (address: Address, text: string) => boolean,
): Vl1Net => {
  const hosts = members.map(([self, at], i): Vl1Host => {
    const random = seededRandom(seed * 100 + i)
    const machine = vl1({ crypto: fastCrypto, random, planet, identity: self })
    return { self, at, machine, state: machine.initial, messages: [] }
  })
  const places = new Map(hosts.map((host) => [printEndpoint(host.at), host]))
  const flying: { readonly at: Millis; readonly host: Vl1Host; readonly input: Vl1Input }[] = []

  const heed = (host: Vl1Host, outputs: readonly Vl1Output[]): void => {
    for (const output of outputs) {
      said(host, output)
      if (output._tag === 'Received') host.messages.push(...output.messages)
      if (output._tag === 'Validate') {
        const { identity } = output
        const valid = judge(identity.address, printIdentity(identity))
        flying.push({ at: net.now + 18, host, input: { _tag: 'Validated', identity, valid } })
      }
      if (output._tag !== 'Transmit') continue
      for (const { data, to, ttl } of output.datagrams) {
        if (ttl !== undefined) continue
        net.recent.push({ from: host.at, to, data: data.slice() })
        const place = places.get(printEndpoint(to))
        if (place === undefined) continue
        const batch: readonly LinkDatagram[] = [{ data: data.slice(), from: host.at, socket: 0 }]
        flying.push({ at: net.now + LATENCY, host: place, input: { _tag: 'Datagrams', batch } })
      }
    }
    if (net.recent.length > 2 * RECENT) net.recent.splice(0, net.recent.length - RECENT)
  }

  const net: Vl1Net = {
    now: START,
    arrived: 0,
    hosts,
    recent: [],
    give: (host, input) => {
      if (input._tag === 'Datagrams') net.arrived += input.batch.filter(({ data }) => data.length !== BEACON).length
      const [, outputs] = host.machine.step(host.state, input, net.now)
      heed(host, outputs)
      return outputs
    },
    run: (span) => {
      const until = net.now + span
      for (;;) {
        let next = Math.min(...flying.map(({ at }) => at))
        for (const host of hosts) next = Math.min(next, host.machine.deadline(host.state))
        if (next > until) break
        net.now = Math.max(net.now, next)
        const due = flying.filter(({ at }) => at <= net.now)
        const later = flying.filter(({ at }) => at > net.now)
        flying.splice(0, flying.length, ...later)
        for (const { host, input } of due) net.give(host, input)
        for (const host of hosts) {
          if (host.machine.deadline(host.state) > net.now) continue
          heed(host, host.machine.tick(host.state, net.now)[1])
          if (host.machine.deadline(host.state) <= net.now) throw new Error('a tick must move the deadline')
        }
      }
      net.now = until
    },
  }
  for (const host of hosts) net.give(host, { _tag: 'Local', sockets: [{ ...host.at, socket: 0 }] })
  return net
}

const START: Millis = 1_700_000_000_000
const LATENCY: Millis = 5
const RECENT = 400
export const BEACON = 13
