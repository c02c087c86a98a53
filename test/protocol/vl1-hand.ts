import { agree } from '../../src/protocol/crypto/agreement.ts'
import type { SecretIdentity } from '../../src/protocol/crypto/identity.ts'
import type { CipherSuite } from '../../src/protocol/crypto/suite.ts'
import { type Codec, encode } from '../../src/protocol/kernel/codec.ts'
import { cipherOf, packetIdOf, sealTrusted, verbOf, writeHeader } from '../../src/protocol/packet/header.ts'
import { hello } from '../../src/protocol/verb/hello.ts'
import { ok } from '../../src/protocol/verb/ok.ts'
import { verbCode } from '../../src/protocol/verb/verb-code.ts'
import { peersOf, type Vl1Config } from '../../src/protocol/vl1.ts'
import { HEADER } from '../../src/protocol/vl1-io.ts'
import { nobleCrypto } from '../../src/streams/io/crypto-noble.ts'
import { type Host, identityOf, makeWorld, rootAt, type Sent, World1 } from './vl1-world.ts'

const [zr, za, zb] = [identityOf('zr'), identityOf('za'), identityOf('zb')]
const planet = makeWorld('planet', 7n, 1_000n, [rootAt(zr, '10.0.0.1/9993')])
/** Where the peer is, unless it says otherwise. */
export const B = '10.0.0.3/9993'

/** Node a, and a peer b that is driven by hand. */
export const handDriven = (config: Partial<Vl1Config> = {}, at: string | readonly string[] = '10.0.0.2/9993') => {
  const net = new World1()
  const a = net.add('a', za, at, { planet, ...config })
  net.lose = () => true
  return { net, a, b: new Hand(net, a, zb) }
}

/** A peer driven by hand. */
export class Hand {
  private n = 0
  private readonly net: World1
  private readonly host: Host
  private readonly identity: SecretIdentity
  readonly session
  constructor(net: World1, host: Host, identity: SecretIdentity) {
    this.net = net
    this.host = host
    this.identity = identity
    this.session = nobleCrypto.session(agree(nobleCrypto, identity, host.identity)!)
  }

  say<A>(verb: number, codec: Codec<A>, value: A, from = B, suite: CipherSuite = 1, hops = 0, socket = 0): Uint8Array {
    const body = encode(codec, value)
    const packet = new Uint8Array(HEADER + body.length)
    packet.set(body, HEADER)
    const id = Uint8Array.of(9, 9, 9, 9, 9, 9, this.n >> 8, this.n++)
    writeHeader(packet, id, this.host.identity.address, this.identity.address, verb)
    this.session.seal(suite, [packet])
    packet[18]! |= hops
    const sent = packet.slice()
    this.net.inject(this.host, from, packet, socket)
    return sent
  }

  /** The same under suite 2. */
  sayTrusted<A>(verb: number, codec: Codec<A>, value: A, id: number, from = B): void {
    const body = encode(codec, value)
    const packet = new Uint8Array(HEADER + body.length)
    packet.set(body, HEADER)
    writeHeader(
      packet,
      Uint8Array.of(8, 8, 8, 8, 8, 8, 8, this.n++),
      this.host.identity.address,
      this.identity.address,
      verb,
    )
    sealTrusted(packet, 0, id)
    this.net.inject(this.host, from, packet)
  }

  hello(from = B, protocol = 12): void {
    const version = { protocol, major: 1, minor: 14, revision: 1 }
    const value = { ...version, clock: 1n, identity: this.identity, sentTo: undefined, planet: undefined }
    this.say(verbCode.hello, hello, value, from, 0)
    this.net.run(20)
  }

  /** Answers what the node sent. */
  answer({ data }: Sent, from = B, hops = 0, socket = 0): void {
    const inReVerb = cipherOf(data) === 0 ? verbOf(data) : verbCode.echo
    const answer = new Uint8Array(inReVerb === verbCode.hello ? 13 : 0)
    if (inReVerb === verbCode.hello) answer.set([12, 1, 14, 0, 1], 8)
    this.say(verbCode.ok, ok, { inReVerb, inReId: packetIdOf(data), answer }, from, 1, hops, socket)
  }

  paths(): readonly string[] {
    const found = peersOf(this.host.state).get(this.identity.address)?.paths ?? []
    return found.map(({ endpoint }) => `${endpoint.address}/${endpoint.port}`)
  }

  /** What the node sent to an endpoint, other than its OK: HELLO and ECHO. */
  contacts(to = B): readonly Sent[] {
    return this.net.wire.filter((sent) => sent.to === to && (sent.data.length === 137 || sent.data.length === 28))
  }
}
