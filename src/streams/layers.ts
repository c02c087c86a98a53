import { type SchedulerLike, Subject, Subscription } from 'rxjs'
import type { Identity, SecretIdentity } from '../protocol/crypto/identity.ts'
import type { Crypto } from '../protocol/crypto/suite.ts'
import type { Endpoint, LinkDatagram, LocalSocket, OutgoingDatagram } from '../protocol/datagram.ts'
import type { Address, NetworkId } from '../protocol/kernel/id.ts'
import type { Random } from '../protocol/kernel/rng.ts'
import type { Bonding } from '../protocol/peer/bond.ts'
import type { LocalRules } from '../protocol/peer/local-rules.ts'
import type { PeerRecord } from '../protocol/peer/peer-record.ts'
import { surfaceEndpoints } from '../protocol/peer/surface.ts'
import {
  peerIn,
  peersOf,
  recordIn,
  recordsOf,
  trafficOf,
  type Vl1State,
  viewOf,
  vl1,
  worldsOf,
} from '../protocol/vl1.ts'
import type { PeerSnapshot, Vl1Input, Vl1Output } from '../protocol/vl1-io.ts'
import { type Vl2State, vl2 } from '../protocol/vl2.ts'
import type { Vl2Input, Vl2Output } from '../protocol/vl2-io.ts'
import type { World } from '../protocol/world/world.ts'
import type { Counts } from './counters.ts'
import type { Link } from './link.ts'
import { type Live, runMachine, safely } from './run-machine.ts'

/** Everything a node needs of the world around it. */
export interface NodeHands {
  readonly clock: SchedulerLike
  readonly random: Random
  readonly crypto: Crypto
  readonly link: Link
  /** The memory-hard check of an identity, off the loop where that is possible; answers when it is done. */
  readonly validate: (identity: Identity, answer: (valid: boolean) => void) => void
}

export interface NodeSetup {
  readonly identity: SecretIdentity
  readonly planet: World
  readonly moons: readonly World[]
  /** Records of `peers.d`. */
  readonly knownPeers: readonly PeerRecord[]
  readonly lowBandwidth: boolean
  /** `<os>/<arch>`, for the records of controllers. */
  readonly platform?: string
  readonly rules: LocalRules
  readonly bonding?: Bonding
}

/** What the layers say that is not between themselves. */
export type Vl1News = Exclude<Vl1Output, { readonly _tag: 'Transmit' | 'Received' | 'Learned' | 'Validate' }>
export type Vl2News = Exclude<Vl2Output, { readonly _tag: 'Send' | 'Trust' | 'Whois' }>

/** What the layers ask of the node, and tell it. */
export interface LayerPorts {
  /** Whether a controller runs on the node, and whom it let in lately. */
  readonly hasController: () => boolean
  readonly issued: (network: NetworkId, member: Address) => boolean
  readonly vl1News: (news: Vl1News) => void
  readonly vl2News: (news: Vl2News) => void
  readonly local: (sockets: readonly LocalSocket[]) => void
  readonly unbound: (error: unknown) => void
  /** The link threw, or its datagrams ended with an error: both of which it never does. */
  readonly broken: (error: unknown) => void
  readonly defect: (error: unknown) => void
}

/** Link ▸ VL1 ▸ VL2 and back: what one says to the other goes there, the rest is news for the node. */
export class Layers {
  readonly #hands: NodeHands
  readonly #ports: LayerPorts
  readonly #vl1 = new Subject<Vl1Input>()
  readonly #vl2 = new Subject<Vl2Input>()
  readonly #vl1State: Live<Vl1State>
  readonly #vl2State: Live<Vl2State>
  readonly #running = new Subscription()
  #ended = false

  constructor(setup: NodeSetup, hands: NodeHands, ports: LayerPorts) {
    this.#hands = hands
    this.#ports = ports
    const { clock, random, crypto, link } = hands
    const { hasController, issued } = ports
    const physical = vl1({ ...setup, crypto, random, version: VERSION, allowLoopback: link.allowLoopback ?? false })
    const member = vl2({
      crypto,
      random,
      view: viewOf(physical.initial),
      version: VERSION,
      ...(setup.platform === undefined ? {} : { platform: setup.platform }),
      get controller() {
        return hasController()
      },
      issued,
    })
    this.#vl1State = { state: physical.initial }
    this.#vl2State = { state: member.initial }
    this.#running.add(
      this.#vl2
        .pipe(runMachine(member, clock, this.#vl2State))
        .subscribe({ next: safely(this.#vl2Deed, ports.defect), error: ports.defect }),
    )
    this.#running.add(
      this.#vl1
        .pipe(runMachine(physical, clock, this.#vl1State))
        .subscribe({ next: safely(this.#vl1Deed, ports.defect), error: ports.defect }),
    )
  }

  /** The first HELLOs leave before this returns if the link is bound. */
  start(): void {
    const { link } = this.#hands
    const bound = (sockets: readonly LocalSocket[]): void => {
      this.#ports.local(sockets)
      this.#vl1.next({ _tag: 'Local', sockets })
    }
    this.#running.add(link.local$.subscribe({ next: bound, error: this.#ports.unbound }))
    const arrived = (batch: readonly LinkDatagram[]): void => this.#vl1.next({ _tag: 'Datagrams', batch })
    this.#running.add(link.incoming$.subscribe({ next: arrived, error: this.#ports.broken }))
  }

  get peers(): ReadonlyMap<Address, PeerSnapshot> {
    return peersOf(this.#vl1State.state)
  }

  peer(address: Address): PeerSnapshot | undefined {
    return peerIn(this.#vl1State.state, address)
  }
  /** What is worth keeping of the peers for a later run. */
  get records(): ReadonlyMap<Address, Uint8Array> {
    return recordsOf(this.#vl1State.state)
  }
  record(address: Address): Uint8Array | undefined {
    return recordIn(this.#vl1State.state, address)
  }
  /** All that the layers remember, for whoever counts it. */
  get states(): readonly [Vl1State, Vl2State] {
    return [this.#vl1State.state, this.#vl2State.state]
  }
  /** The planet in force, and the moons. */
  get worlds(): { readonly planet: World; readonly moons: readonly World[] } {
    return worldsOf(this.#vl1State.state)
  }
  /** What VL1 sent and received. */
  get traffic(): Counts {
    return trafficOf(this.#vl1State.state)
  }
  /** Where others say that we are. */
  get surfaces(): readonly Endpoint[] {
    return surfaceEndpoints(this.#vl1State.state.surface)
  }

  tellVl1(input: Vl1Input): void {
    this.#vl1.next(input)
  }
  tellVl2(input: Vl2Input): void {
    this.#vl2.next(input)
  }

  end(): void {
    this.#ended = true
    this.#vl1.complete()
    this.#vl2.complete()
    this.#running.unsubscribe()
  }

  readonly #vl1Deed = (output: Vl1Output): void => {
    switch (output._tag) {
      case 'Transmit':
        this.#transmit(output.datagrams)
        return
      case 'Received':
        this.#vl2.next({ _tag: 'Messages', messages: output.messages })
        return
      case 'Learned':
        this.#vl2.next({ _tag: 'Learned', identity: output.identity })
        return
      case 'Online':
        this.#ports.vl1News(output)
        if (output.online) this.#vl2.next({ _tag: 'Online' })
        return
      case 'Validate': {
        const { identity } = output
        this.#hands.validate(identity, (valid) => {
          if (!this.#ended) this.#vl1.next({ _tag: 'Validated', identity, valid })
        })
        return
      }
      default:
        this.#ports.vl1News(output)
    }
  }

  #transmit(datagrams: readonly OutgoingDatagram[]): void {
    try {
      this.#hands.link.send(datagrams)
    } catch (error) {
      this.#ports.broken(error)
    }
  }

  readonly #vl2Deed = (output: Vl2Output): void => {
    switch (output._tag) {
      case 'Send':
        this.#vl1.next({ _tag: 'Send', packets: output.packets })
        return
      case 'Trust':
        this.#vl1.next({ _tag: 'Trust', peers: output.peers })
        return
      case 'Whois':
        this.#vl1.next({ _tag: 'Whois', address: output.address })
        return
      default:
        this.#ports.vl2News(output)
    }
  }
}

/** What peers are told: the version of the protocol's feature set, not of this package. */
export const VERSION = { major: 1, minor: 14, revision: 1 } as const
