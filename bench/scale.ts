import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { agree } from '../src/protocol/crypto/agreement.ts'
import type { Identity, SecretIdentity } from '../src/protocol/crypto/identity.ts'
import type { CipherSuite, Session } from '../src/protocol/crypto/suite.ts'
import type { Endpoint, LinkDatagram } from '../src/protocol/datagram.ts'
import { type Codec, encode } from '../src/protocol/kernel/codec.ts'
import { address } from '../src/protocol/kernel/id.ts'
import { seededRandom } from '../src/protocol/kernel/rng.ts'
import { cipherOf, packetIdOf, writeHeader } from '../src/protocol/packet/header.ts'
import { echo } from '../src/protocol/verb/echo.ts'
import { hello } from '../src/protocol/verb/hello.ts'
import { ok, okHello } from '../src/protocol/verb/ok.ts'
import { verbCode } from '../src/protocol/verb/verb-code.ts'
import { peerIn, type Vl1State, vl1 } from '../src/protocol/vl1.ts'
import { HEADER, type Vl1Input, type Vl1Output } from '../src/protocol/vl1-io.ts'
import { createWorld, type World } from '../src/protocol/world/world.ts'
import { bestCrypto } from '../src/streams/io/crypto-fast.ts'

/**
 * A process of a benchmark that tells what peers cost a node: CPU per second of virtual time and memory for each, in VL1
 * alone. Peers are simulated by the datagrams they send, made in advance; an identical ECHO is as good as a new one, since
 * nothing is numbered. One process for each measure: memory is the difference before and after.
 */
const crypto = bestCrypto()
const random = seededRandom(1)
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

interface Client {
  readonly identity: SecretIdentity
  readonly endpoint: Endpoint
  readonly hello: Uint8Array
  /** Under the keys of the two. It is kept, so that memory before and after differs by what the host keeps alone. */
  readonly session: Session
  /** What it sends when it is idle, and when it takes part in a network with us. */
  readonly keepalive: Uint8Array
  readonly frame: Uint8Array
}

class Host {
  readonly identity = newIdentity(0)
  readonly machine
  readonly state: Vl1State
  now = 1_700_000_000_000
  sent = 0
  slowestTick = 0
  /** A root, or a leaf that has none. */
  constructor(root: boolean) {
    const roots = root ? [{ identity: publicOf(this.identity), endpoints: [{ address: '9.0.0.1', port: 9993 }] }] : []
    const facts = { type: 'planet', id: 7n, timestamp: 1n, updateKey: this.identity.publicKey, roots } as const
    const made = createWorld(crypto, this.identity, facts)
    if (made._tag === 'Left') throw new Error('no world')
    const planet: World = made.right
    this.machine = vl1({ identity: this.identity, crypto, random, planet })
    this.state = this.machine.initial
    this.give({ _tag: 'Local', sockets: [{ address: '9.0.0.1', port: 9993, socket: 0 }] })
  }

  give(input: Vl1Input): readonly Vl1Output[] {
    const [, outputs] = this.machine.step(this.state, input, this.now)
    return this.hear(outputs)
  }

  receive(...datagrams: readonly (readonly [data: Uint8Array, from: Endpoint])[]): readonly Vl1Output[] {
    const batch = datagrams.map(([data, from]): LinkDatagram => ({ data: data.slice(), from, socket: 0 }))
    return this.give({ _tag: 'Datagrams', batch })
  }

  passTo(time: number): void {
    for (let at = this.machine.deadline(this.state); at <= time; at = this.machine.deadline(this.state)) {
      this.now = Math.max(this.now, at)
      const began = process.cpuUsage()
      const [, outputs] = this.machine.tick(this.state, this.now)
      const { user, system } = process.cpuUsage(began)
      this.slowestTick = Math.max(this.slowestTick, (user + system) / 1000)
      this.hear(outputs)
    }
    this.now = time
  }

  hear(outputs: readonly Vl1Output[]): readonly Vl1Output[] {
    let all = outputs
    for (const output of outputs) {
      if (output._tag === 'Transmit') this.sent += output.datagrams.length
      // nobody here has done the memory-hard work, and nobody checks it
      if (output._tag === 'Validate')
        all = [...all, ...this.give({ _tag: 'Validated', identity: output.identity, valid: true })]
    }
    return all
  }
}

const newIdentity = (n: number): SecretIdentity => {
  const secretKey = random(64)
  const publicKey = new Uint8Array(64)
  publicKey.set(crypto.x25519PublicKey(secretKey.subarray(0, 32)), 0)
  publicKey.set(crypto.ed25519PublicKey(secretKey.subarray(32)), 32)
  return { address: address(0x10_0000_0000 + n), publicKey, secretKey }
}
const publicOf = ({ address, publicKey }: SecretIdentity): Identity => ({ address, publicKey })

const packet = <A>(
  { identity, session }: Pick<Client, 'identity' | 'session'>,
  host: Host,
  verb: number,
  codec: Codec<A>,
  value: A,
  suite: CipherSuite,
): Uint8Array => {
  const body = encode(codec, value)
  const made = new Uint8Array(HEADER + body.length)
  made.set(body, HEADER)
  writeHeader(made, random(8), host.identity.address, identity.address, verb)
  session.seal(suite, [made])
  return made
}

/** Each in a network of its own, so that no prefix has to wait for another. */
const newClient = (host: Host, n: number): Client => {
  const identity = newIdentity(n + 1)
  const endpoint = { address: `${20 + (n >> 16)}.${(n >> 8) & 0xff}.${n & 0xff}.7`, port: 9993 }
  const session = crypto.session(agree(crypto, identity, host.identity)!)
  const it = { identity, session }
  const versions = { protocol: 12, major: 1, minor: 14, revision: 1, clock: 1n }
  const said = { ...versions, identity, sentTo: undefined, planet: undefined }
  return {
    ...it,
    endpoint,
    hello: packet(it, host, verbCode.hello, hello, said, 0),
    keepalive: packet(it, host, verbCode.echo, echo, { data: new Uint8Array(0) }, 3),
    frame: packet(it, host, verbCode.frame, echo, { data: new Uint8Array(60) }, 3),
  }
}

/** HELLO, and the answer to the HELLO that confirms the path. */
const join = (host: Host, client: Client): void => {
  const outputs = host.receive([client.hello, client.endpoint])
  const greeting = outputs
    .flatMap((output) => (output._tag === 'Transmit' ? output.datagrams : []))
    .find(({ data }) => cipherOf(data) === 0)
  if (greeting === undefined) throw new Error('the host did not greet back')
  const answer = encode(okHello, {
    ...{ clock: BigInt(Math.floor(host.now) - 20), protocol: 12, major: 1, minor: 14, revision: 1 },
    seenAt: null,
    updates: new Uint8Array(0),
  })
  const reply = { inReVerb: verbCode.hello, inReId: packetIdOf(greeting.data), answer }
  host.receive([packet(client, host, verbCode.ok, ok, reply, 3), client.endpoint])
}

export interface Order {
  readonly peers: number
  readonly root: boolean
  /** They are in a network with us, so both ends keep the path open. */
  readonly active: boolean
  /** Seconds between two signs of life of each. */
  readonly speak: number
  /** Of virtual time that are measured. */
  readonly seconds: number
}
/** ms of CPU in a second, and KB for each peer. */
interface Cost {
  readonly cpu: number
  /** The same without us: what was received is opened, and as much is sealed as was sent. */
  readonly ciphers: number
  readonly slowestTick: number
  readonly resident: number
}

const measure = ({ peers, root, active, speak, seconds }: Order): Cost => {
  const host = new Host(root)
  const clients = Array.from({ length: peers }, (_, n) => newClient(host, n))
  const before = resident()
  // 20 strangers a second are let in; those who are in already speak on, as they would
  let joined = 0
  let heard = 0
  const step = (): void => {
    const from = host.now
    for (let ms = 0; ms < 1000; ms += STEP) {
      host.passTo(from + ms)
      for (let i = 0; i < 2 && joined < peers && ms % 100 === 0; i++) join(host, clients[joined++]!)
      const batch: (readonly [Uint8Array, Endpoint])[] = []
      for (let n = Math.round((from + ms) / STEP) % (speak * (1000 / STEP)); n < joined; n += speak * (1000 / STEP)) {
        const client = clients[n]!
        batch.push([active ? client.frame : client.keepalive, client.endpoint])
      }
      heard += batch.length
      if (batch.length > 0) host.receive(...batch)
    }
    host.passTo(from + 1000)
  }
  while (joined < peers) step()
  for (let s = 0; s < speak + 5; s++) step()
  const direct = clients.filter(({ identity }) => peerIn(host.state, identity.address)?.link === 'direct').length
  if (direct !== peers) throw new Error(`${direct} of ${peers} have a path`)
  const after = resident()
  host.sent = 0
  host.slowestTick = 0
  heard = 0
  const began = process.cpuUsage()
  for (let s = 0; s < seconds; s++) step()
  const cpu = since(began) / seconds
  return {
    cpu,
    ciphers: ciphersAlone(clients, active, heard, host.sent) / seconds,
    slowestTick: host.slowestTick,
    resident: (after - before) / peers / 1024,
  }
}

const ciphersAlone = (clients: readonly Client[], active: boolean, heard: number, sent: number): number => {
  const began = process.cpuUsage()
  for (let i = 0; i < heard; i++) {
    const { session, frame, keepalive } = clients[i % clients.length]!
    session.open([(active ? frame : keepalive).slice()])
  }
  for (let i = 0; i < sent; i++) {
    const { session, keepalive } = clients[i % clients.length]!
    session.seal(3, [keepalive.slice()])
  }
  return since(began)
}

/** KB of a cipher session, which each peer that speaks has. */
const sessionAlone = (): number => {
  const host = new Host(true)
  const { identity, keepalive } = newClient(host, 0)
  const key = agree(crypto, identity, host.identity)!
  const before = resident()
  const kept = Array.from({ length: SESSIONS }, () => crypto.session(key))
  for (const session of kept) session.open([keepalive.slice()])
  return (resident() - before) / kept.length / 1024
}

const since = (began: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(began)
  return (user + system) / 1000
}
const resident = (): number => {
  collect()
  collect()
  return process.memoryUsage.rss()
}

const STEP = 50
const SESSIONS = 10_000

process.on('message', ({ id, order }: { readonly id: number; readonly order: Order | 'session' }) => {
  try {
    process.send!({ id, result: order === 'session' ? sessionAlone() : measure(order) })
  } catch (error) {
    process.send!({ id, error: String(error) })
  }
})
process.on('disconnect', () => process.exit(0))
