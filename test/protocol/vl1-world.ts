import { readFileSync } from 'node:fs'
import {
  type Identity,
  isLocallyValid,
  parseIdentity,
  printIdentity,
  type SecretIdentity,
} from '../../src/protocol/crypto/identity.ts'
import type { Endpoint, LinkDatagram, LocalSocket, OutgoingDatagram } from '../../src/protocol/datagram.ts'
import { isIpv6 } from '../../src/protocol/kernel/ip.ts'
import type { Machine, Millis } from '../../src/protocol/kernel/machine.ts'
import { seededRandom } from '../../src/protocol/kernel/rng.ts'
import { parseEndpoint, printEndpoint } from '../../src/protocol/peer/endpoint.ts'
import { peerIn, type Vl1Config, type Vl1State, vl1 } from '../../src/protocol/vl1.ts'
import { HEADER, type Message, type OutPacket, type Vl1Input, type Vl1Output } from '../../src/protocol/vl1-io.ts'
import { createWorld, type Root, type World } from '../../src/protocol/world/world.ts'
import { nobleCrypto } from '../../src/streams/io/crypto-noble.ts'

/** A node of the test network: its machine, and everything it has said. */
export interface Host {
  readonly name: string
  readonly identity: SecretIdentity
  readonly machine: Machine<Vl1State, Vl1Input, Vl1Output>
  readonly state: Vl1State
  readonly endpoints: readonly Endpoint[]
  readonly messages: Message[]
  readonly said: { readonly at: Millis; readonly output: Vl1Output }[]
}

/** A datagram that arrived or was lost, as it was sent. */
export interface Sent {
  readonly at: Millis
  readonly from: string
  readonly to: string
  readonly ttl: number | undefined
  readonly data: Uint8Array
}

/**
 * Machines wired to each other in virtual time: a datagram takes `latency` ms, unless `lose` says that it is lost. Identities
 * are validated in `validation` ms.
 */
export class World1 {
  now: Millis = START
  latency = 5
  validation = 18
  lose: (sent: Sent) => boolean = () => false
  /** Local endpoints that are tunnels. */
  readonly tunnels = new Set<string>()
  readonly hosts: Host[] = []
  readonly wire: Sent[] = []
  private readonly places = new Map<string, { host: Host; socket: number; endpoint: Endpoint }>()
  private readonly agenda: { at: Millis; n: number; run: () => void }[] = []
  private n = 0

  add(name: string, identity: SecretIdentity, at: string | readonly string[], config: Partial<Vl1Config> = {}): Host {
    const endpoints = (typeof at === 'string' ? [at] : at).map((text) => parseEndpoint(text)!)
    const random = seededRandom(1_000 + this.hosts.length)
    const machine = vl1({ crypto: nobleCrypto, random, planet: emptyPlanet, ...config, identity })
    const host: Host = { name, identity, machine, state: machine.initial, endpoints, messages: [], said: [] }
    this.hosts.push(host)
    for (const [socket, endpoint] of endpoints.entries())
      this.places.set(printEndpoint(endpoint), { host, socket, endpoint })
    this.give(host, { _tag: 'Local', sockets: this.socketsOf(host) })
    return host
  }

  socketsOf(host: Host): readonly LocalSocket[] {
    return host.endpoints.map((endpoint, socket) => ({
      ...endpoint,
      socket,
      ...(this.tunnels.has(printEndpoint(endpoint)) ? { tunnel: true } : {}),
    }))
  }

  give(host: Host, input: Vl1Input): readonly Vl1Output[] {
    const [, outputs] = host.machine.step(host.state, input, this.now)
    return this.hear(host, outputs)
  }

  send(host: Host, to: Host, verb: number, payload: Uint8Array, compress = false): void {
    this.give(host, { _tag: 'Send', packets: [outPacket(to.identity.address, verb, payload, compress)] })
  }

  /** A datagram out of nowhere. */
  inject(host: Host, from: string, data: Uint8Array, socket = 0): readonly Vl1Output[] {
    return this.give(host, { _tag: 'Datagrams', batch: [datagram(data, from, socket)] })
  }

  run(span: Millis): void {
    const until = this.now + span
    for (;;) {
      this.agenda.sort((a, b) => a.at - b.at || a.n - b.n)
      const host = this.hosts.reduce((a, b) => (this.deadline(b) < this.deadline(a) ? b : a))
      const deadline = this.deadline(host)
      const next = this.agenda[0]
      if (next !== undefined && next.at <= until && next.at <= deadline) {
        this.agenda.shift()
        this.now = Math.max(this.now, next.at)
        next.run()
      } else if (deadline <= until) {
        this.now = Math.max(this.now, deadline)
        const [, outputs] = host.machine.tick(host.state, this.now)
        this.hear(host, outputs)
        if (this.deadline(host) <= this.now) throw new Error(`${host.name}: a tick must move the deadline`)
      } else break
    }
    this.now = until
  }

  link(a: Host, b: Host): string | undefined {
    return peerIn(a.state, b.identity.address)?.link
  }

  /** The payloads, as text, that a host received. */
  texts(host: Host): readonly string[] {
    return host.messages.map(({ payload }) => new TextDecoder().decode(payload))
  }

  drops(host: Host): readonly string[] {
    return host.said.flatMap(({ output }) => (output._tag === 'Drop' ? [output.reason] : []))
  }

  changes(host: Host, about: Host): readonly string[] {
    return host.said.flatMap(({ output }) =>
      output._tag === 'Peer' && output.address === about.identity.address ? [output.change] : [],
    )
  }

  private deadline(host: Host): Millis {
    return host.machine.deadline(host.state)
  }

  private hear(host: Host, outputs: readonly Vl1Output[]): readonly Vl1Output[] {
    for (const output of outputs) {
      host.said.push({ at: this.now, output })
      if (output._tag === 'Transmit') for (const one of output.datagrams) this.transmit(host, one)
      else if (output._tag === 'Received') host.messages.push(...output.messages)
      else if (output._tag === 'Validate') {
        const { identity } = output
        this.later(this.validation, () => this.give(host, { _tag: 'Validated', identity, valid: isValid(identity) }))
      }
    }
    return outputs
  }

  private transmit(host: Host, { data, to, socket, ttl }: OutgoingDatagram): void {
    const from = this.socketsOf(host).filter(
      (one) => (socket === undefined || one.socket === socket) && isIpv6(one.address) === isIpv6(to.address),
    )
    for (const local of from) {
      const sent: Sent = { at: this.now, from: printEndpoint(local), to: printEndpoint(to), ttl, data: data.slice() }
      this.wire.push(sent)
      const place = this.places.get(sent.to)
      if (place === undefined || ttl !== undefined || this.lose(sent)) continue
      this.later(this.latency, () => this.inject(place.host, sent.from, sent.data.slice(), place.socket))
    }
  }

  private later(delay: Millis, run: () => void): void {
    this.agenda.push({ at: this.now + delay, n: this.n++, run })
  }
}

export const outPacket = (
  to: SecretIdentity['address'],
  verb: number,
  payload: Uint8Array,
  compress = false,
): OutPacket => {
  const data = new Uint8Array(HEADER + payload.length)
  data.set(payload, HEADER)
  return { to, verb, data, compress }
}

export const datagram = (data: Uint8Array, from: string, socket = 0): LinkDatagram => ({
  data,
  from: parseEndpoint(from)!,
  socket,
})

export const text = (value: string): Uint8Array => new TextEncoder().encode(value)

/** A throw-away identity of the captured test network: making new ones takes too long for tests. */
export const identityOf = (name: string): SecretIdentity => {
  const found = parseIdentity(readFileSync(new URL(`../captures/ids/${name}.identity.secret`, import.meta.url), 'utf8'))
  if (found._tag === 'Left' || found.right.secretKey === undefined) throw new Error(name)
  return { ...found.right, secretKey: found.right.secretKey }
}

/** The memory-hard check, done once for each identity in all of a test file. */
const isValid = (identity: Identity): boolean => {
  const key = printIdentity(identity)
  const known = verdicts.get(key) ?? isLocallyValid(nobleCrypto, identity)
  verdicts.set(key, known)
  return known
}
const verdicts = new Map<string, boolean>()

/** The key that signs the worlds of the tests. */
export const worldKey = identityOf('zy')

export const makeWorld = (type: World['type'], id: bigint, timestamp: bigint, roots: readonly Root[]): World => {
  const made = createWorld(nobleCrypto, worldKey, { type, id, timestamp, updateKey: worldKey.publicKey, roots })
  if (made._tag === 'Left') throw new Error('no world')
  return made.right
}

export const rootAt = (identity: SecretIdentity, ...endpoints: readonly string[]): Root => ({
  identity: { address: identity.address, publicKey: identity.publicKey },
  endpoints: endpoints.map((one) => parseEndpoint(one)!),
})

export const START: Millis = 1_700_000_000_000
const emptyPlanet = makeWorld('planet', 1n, 1n, [])
