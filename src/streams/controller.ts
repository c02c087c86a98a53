import { Subject, Subscription } from 'rxjs'
import type { Address, NetworkId } from '../protocol/kernel/id.ts'
import { type ControllerState, controller, hasIssued } from '../protocol/network/controller.ts'
import type { ControllerError } from '../protocol/network/controller-error.ts'
import type { ControllerInput, ControllerOutput } from '../protocol/network/controller-io.ts'
import { verbCode } from '../protocol/verb/verb-code.ts'
import type { ConfigRequest } from '../protocol/vl2-io.ts'
import { Counters } from './counters.ts'
import type { ControllerRole, RunningNode } from './node.ts'
import { type Live, runMachine } from './run-machine.ts'

/** What the API hears of a controller; answers to its commands come before `command` returns. */
export type ControllerNews = Extract<
  ControllerOutput,
  { readonly _tag: 'Denied' | 'Granted' | 'Traced' | 'NetworkChanged' | 'MemberChanged' }
>

/** The controller role, running on a node: requests come from the node's VL2, answers leave through its VL1. */
export class RunningController implements ControllerRole {
  readonly news$ = new Subject<ControllerNews>()
  readonly counters = new Counters()
  readonly #node: RunningNode
  readonly #input = new Subject<ControllerInput>()
  readonly #live: Live<ControllerState>
  readonly #running = new Subscription()
  /** Requests that came before the stored networks were read. */
  #early: ConfigRequest[] | undefined = []
  /** To say of these that they do not exist would make members give up. */
  #damaged: ReadonlySet<NetworkId> = new Set()
  #created: NetworkId | undefined
  #rejected: ControllerError | undefined

  constructor(node: RunningNode) {
    this.#node = node
    const { crypto, random, clock } = node.hands
    const machine = controller({ crypto, random, self: node.identity })
    this.#live = { state: machine.initial }
    this.#running.add(
      this.#input.pipe(runMachine(machine, clock, this.#live)).subscribe({
        next: this.#deed,
        error: (error: unknown) => node.note('error', 'controller', `the controller stopped: ${String(error)}`),
      }),
    )
    node.attach(this)
  }

  get state(): ControllerState {
    return this.#live.state
  }

  /** The stored networks are in: answer who asked meanwhile. Whoever asks for a damaged one hears nothing. */
  begin(damaged: Iterable<NetworkId> = []): void {
    this.#damaged = new Set(damaged)
    const early = this.#early ?? []
    this.#early = undefined
    for (const request of early) this.request(request)
  }

  request(request: ConfigRequest): void {
    if (this.#damaged.has(request.network)) this.counters.add('controller/damaged')
    else if (this.#early === undefined) this.#input.next({ _tag: 'Request', request })
    else if (this.#early.length < MOST_EARLY) this.#early.push(request)
  }

  traced(peer: Address, traces: readonly Uint8Array[]): void {
    this.#input.next({ _tag: 'Traces', peer, traces })
  }

  issued(network: NetworkId, member: Address): boolean {
    return hasIssued(this.#live.state, network, member, this.#node.now())
  }

  /** What a command came to: the network it created, or why it was refused. */
  command(input: ControllerInput): {
    readonly created: NetworkId | undefined
    readonly rejected: ControllerError | undefined
  } {
    this.#created = undefined
    this.#rejected = undefined
    this.#input.next(input)
    return { created: this.#created, rejected: this.#rejected }
  }

  end(): void {
    this.#node.detach()
    this.#input.complete()
    this.#running.unsubscribe()
    this.news$.complete()
  }

  readonly #deed = (output: ControllerOutput): void => {
    switch (output._tag) {
      case 'Send':
        this.#node.tell({ _tag: 'Send', packets: output.packets })
        return
      case 'Configured':
      case 'Refused':
        this.#node.tellNetworks(output)
        return
      case 'Credentials':
        this.#node.tellNetworks({ _tag: 'Messages', messages: [this.#fromOurselves(output.payload)] })
        return
      case 'Created':
        this.#created = output.network
        return
      case 'Rejected':
        this.#rejected = output.error
        return
      case 'Drop':
        this.counters.add(`controller/${output.reason}`)
        return
      default:
        this.news$.next(output)
    }
  }

  #fromOurselves(payload: Uint8Array) {
    const { identity } = this.#node
    return {
      source: identity.address,
      identity,
      verb: verbCode.networkCredentials,
      payload,
      packetId: 0n,
      hops: 0,
      via: { endpoint: { address: '::', port: 0 }, socket: 0 },
    }
  }
}

const MOST_EARLY = 1024
