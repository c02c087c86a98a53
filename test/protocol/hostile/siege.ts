import type { SecretIdentity } from '../../../src/protocol/crypto/identity.ts'
import type { Crypto } from '../../../src/protocol/crypto/suite.ts'
import type { Millis } from '../../../src/protocol/kernel/machine.ts'
import { MOST_PATHS } from '../../../src/protocol/peer/path.ts'
import { MAX_PATHS } from '../../../src/protocol/peer/peer-record.ts'
import { MOST_CACHED, MOST_PEERS } from '../../../src/protocol/peer/peer-table.ts'
import { MOST_REPORTS } from '../../../src/protocol/peer/surface.ts'
import { MOST_HELLOS, MOST_PENDING } from '../../../src/protocol/peer/validation.ts'
import { MOST_CALLED, MOST_HELD, MOST_PROBES, MOST_SOUGHT, MOST_UNSENT } from '../../../src/protocol/peer/waiting.ts'
import { verbCode } from '../../../src/protocol/verb/verb-code.ts'
import type { Vl1Config, Vl1State } from '../../../src/protocol/vl1.ts'
import { MOST_MOONS } from '../../../src/protocol/world/adoption.ts'
import { MOST_INTRODUCTIONS } from '../../../src/protocol/world/root.ts'
import { fastCrypto } from '../../../src/streams/io/crypto-fast.ts'
import { Hand } from '../vl1-hand.ts'
import { type Host, identityOf, makeWorld, rootAt, text, World1 } from '../vl1-world.ts'

/** Where the peer that means harm is, when it does not lie about it. */
export const ENEMY = '10.0.66.6/6666'
export const ROOT = '10.0.0.1/9993'
const zr = identityOf('zr')
export const planet = makeWorld('planet', 7n, 1_000n, [rootAt(zr, ROOT)])

/** What a node has been made to compute. */
export interface Work {
  agreements: number
  opened: number
  sealed: number
  signatures: number
}

/** A packet that somebody sends to the node: what, and where it says it comes from. */
export type Shot = readonly [data: Uint8Array, from: string]

/**
 * A node that is doing its work, with a root and a friend it is directly connected to, and an enemy that is a peer like
 * any other. `storm` lets the enemy loose while the friend goes on talking.
 */
export class Siege {
  readonly net = new World1()
  readonly work: Work = { agreements: 0, opened: 0, sealed: 0, signatures: 0 }
  readonly root: Host
  /** The node that is attacked: a leaf, or the root itself. */
  readonly node: Host
  readonly friend: Host
  readonly enemy: Hand
  private n = 0

  constructor(config: Partial<Vl1Config> & { readonly asRoot?: boolean } = {}) {
    const { asRoot = false, ...rest } = config
    const counted = { planet, ...rest, crypto: counting(this.work) }
    this.root = this.net.add('root', zr, ROOT, asRoot ? counted : { planet })
    const a = this.net.add('a', identityOf('za'), '10.0.0.2/9993', asRoot ? { planet } : counted)
    this.friend = this.net.add('b', identityOf('zb'), '10.0.0.3/9993', { planet })
    this.node = asRoot ? this.root : a
    this.enemy = new Hand(this.net, this.node, identityOf('zx'))
    this.net.run(100)
    this.net.send(this.friend, this.node, verbCode.userMessage, text('hello'))
    this.net.run(300)
    this.enemy.hello(ENEMY)
    this.net.run(100)
    const greeting = this.enemy.contacts(ENEMY).findLast(({ data }) => data.length === 137)
    if (greeting !== undefined) this.enemy.answer(greeting, ENEMY)
  }

  /** A node that has not been there before, in a network of its own. */
  newcomer(identity: SecretIdentity): Host {
    const host = this.net.add('newcomer', identity, '10.0.77.7/9993', { planet })
    this.net.run(100)
    return host
  }

  /**
   * So many shots a millisecond for so long. The friend says something every 10 ms meanwhile: the answer is by how many
   * ms more than the wire takes the latest of it came, or `Infinity` if anything was lost.
   */
  storm(span: Millis, each: number, shot: (n: number) => Shot, words = 'tick'): Millis {
    const { net, node, friend } = this
    const began = node.said.length
    const sent: Millis[] = []
    for (let at = 0; at < span; at++) {
      for (let i = 0; i < each; i++) {
        const [data, from] = shot(this.n++)
        net.inject(node, from, data.slice())
      }
      if (at % 10 === 0) {
        sent.push(net.now)
        net.send(friend, node, verbCode.userMessage, text(words))
      }
      net.run(1)
    }
    net.run(20)
    const came = node.said
      .slice(began)
      .flatMap(({ at, output }) =>
        output._tag === 'Received'
          ? output.messages.filter(({ source }) => source === friend.identity.address).map(() => at)
          : [],
      )
    if (came.length !== sent.length) return Number.POSITIVE_INFINITY
    return Math.max(...came.map((at, i) => at - sent[i]! - net.latency))
  }

  /** Why the node dropped what it dropped since `from`, and how often. */
  drops(from = 0): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {}
    for (const { output } of this.node.said.slice(from))
      if (output._tag === 'Drop') counts[output.reason] = (counts[output.reason] ?? 0) + 1
    return counts
  }

  /** How many datagrams the node has sent since `from`, to whom it pleases `whom`. */
  sent(from: number, whom: (to: string) => boolean = () => true): number {
    const places = this.node.endpoints.map(({ address, port }) => `${address}/${port}`)
    return this.net.wire.slice(from).filter((one) => places.includes(one.from) && whom(one.to)).length
  }
}

/** The tables of a node that hold more than they may. */
export const overfull = (state: Vl1State): readonly string[] => {
  const { peers, cache, paths, introductions, waiting, validations, surface, moons, seeds } = state
  const all: readonly (readonly [name: string, size: number, most: number])[] = [
    ['peers', peers.size, MOST_PEERS],
    ['routes', Math.max(0, ...[...peers.values()].map(({ routes }) => routes.length)), MAX_PATHS],
    ['cache', cache.size, MOST_CACHED],
    ['paths', paths.size, MOST_PATHS],
    ['introductions', introductions.size, MOST_INTRODUCTIONS],
    ['held', waiting.held.length, MOST_HELD],
    ['unsent', waiting.unsent.length, MOST_UNSENT],
    ['sought', waiting.sought.size, MOST_SOUGHT],
    ['called', waiting.called.size, MOST_CALLED],
    ['probes', waiting.probes.length, MOST_PROBES],
    ['pending', validations.pending.size, MOST_PENDING],
    ['hellos', Math.max(0, ...[...validations.pending.values()].map(({ hellos }) => hellos.length)), MOST_HELLOS],
    ['groups', validations.groups.size, 0x4000],
    ['reports', surface.reports.size, MOST_REPORTS],
    ['moons', moons.size + seeds.size, 2 * MOST_MOONS],
  ]
  return all.filter(([, size, most]) => size > most).map(([name, size]) => `${name}: ${size}`)
}

const counting = (work: Work): Crypto => ({
  ...fastCrypto,
  x25519: (secret, publicKey) => {
    work.agreements++
    return fastCrypto.x25519(secret, publicKey)
  },
  ed25519Verify: (publicKey, message, signature) => {
    work.signatures++
    return fastCrypto.ed25519Verify(publicKey, message, signature)
  },
  session: (key) => {
    const session = fastCrypto.session(key)
    return {
      seal: (suite, packets) => {
        work.sealed += packets.length
        session.seal(suite, packets)
      },
      open: (packets) => {
        work.opened += packets.length
        return session.open(packets)
      },
    }
  },
})
