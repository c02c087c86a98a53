import { BehaviorSubject, filter, map, type Observable, Subject, startWith } from 'rxjs'
import { type Address, type NetworkId as NetworkBits, parseAddress, parseNetworkId } from '../protocol/kernel/id.ts'
import type { IpAddress } from '../protocol/kernel/ip.ts'
import type { HostedNetwork } from '../protocol/network/controller.ts'
import { type ControllerError, explainControllerError } from '../protocol/network/controller-error.ts'
import type { ControllerInput, NetworkChange } from '../protocol/network/controller-io.ts'
import { compileRules } from '../protocol/network/rule-language/compile.ts'
import { RunningController } from '../streams/controller.ts'
import { ArgumentError, NodeError, StoreError, type ZtError } from '../streams/error.ts'
import { checkOptions } from '../streams/option.ts'
import { publicNetworkId, publicNodeId } from '../streams/public-id.ts'
import type { StateStore } from '../streams/store.ts'
import { asStoreError, RecordWriter, readRecords, recordPath } from './controller-store.ts'
import {
  type Member,
  type MemberInput,
  memberOf,
  type NetworkConfigInput,
  networkConfigOf,
  type RemoteTrace,
  remoteTraceOf,
} from './controller-view.ts'
import { asNetworkId, asNodeId, type NetworkId, type NodeId } from './id.ts'
import { namedErrors } from './named-errors.ts'
import { authorizeRules, memberRules, networkConfigRules } from './network-config-rules.ts'
import { notOfThisThread, VirtualNode, type ZtNode } from './node.ts'
import { aStore } from './node-options.ts'

export type { Member, MemberInput, NetworkConfigInput, RemoteTrace } from './controller-view.ts'

export interface ControllerNetwork {
  readonly id: NetworkId
  readonly config: NetworkConfigInput
  readonly members$: Observable<ReadonlyMap<NodeId, Member>>
}

/** Somebody wants in. Comes again with each request (about one a second) until it is authorised. */
export interface JoinRequest {
  readonly network: NetworkId
  readonly member: NodeId
  readonly at: number
  authorize(options?: AuthorizeOptions): Promise<void>
}
export interface AuthorizeOptions {
  /** Instead of addresses from the pools. */
  readonly ips?: readonly IpAddress[]
  readonly name?: string
}

/**
 * Networks hosted by a node: their IDs begin with its address. What a call changes is in force at once; it resolves
 * when the store has it, and rejects with a `StoreError` if the store fails. It is then written with the next change.
 */
export interface Controller extends AsyncDisposable {
  readonly networks$: Observable<ReadonlyMap<NetworkId, ControllerNetwork>>
  /** @example controller.requests$.subscribe((request) => request.authorize()) // let everybody in */
  readonly requests$: Observable<JoinRequest>
  /** What members tell where their network's record names this node as `remoteTraceTarget`. Nothing is kept. */
  readonly traces$: Observable<RemoteTrace>
  /** @throws {ArgumentError} `ERR_ZT_INVALID_OPTION` */
  create(config?: NetworkConfigInput): Promise<ControllerNetwork>
  network(id: NetworkId | string): ControllerNetwork | undefined
  /** Also before the member asks; a member that waits gets its configuration at once. */
  authorize(network: NetworkId | string, member: NodeId | string, options?: AuthorizeOptions): Promise<void>
  /** Puts a member out: it is told, and so are the others. */
  deauthorize(network: NetworkId | string, member: NodeId | string): Promise<void>
  /** Fields not given stay as they are. Members that are online get the change at once. */
  update(network: NetworkId | string, patch: Partial<NetworkConfigInput>): Promise<void>
  /**
   * Changes what a member is, also before it asks; fields not given stay as they are, and whether it is let in does too.
   * @throws {ArgumentError} `ERR_ZT_INVALID_OPTION` @throws {NodeError} `ERR_ZT_CONTROLLER`: no such network
   */
  updateMember(network: NetworkId | string, member: NodeId | string, patch: MemberInput): Promise<void>
  delete(network: NetworkId | string): Promise<void>
  /** @throws {StoreError} if something could not be written to the end */
  close(): Promise<void>
}

/**
 * Hosts networks on a node. What it knows is kept in `store`, by default the node's own, in the layout of native
 * controllers (`controller.d`). A network whose record is damaged is left alone: its members hear nothing, and calls
 * that name it reject with a `StoreError`. A store of its own is opened, and closed with the controller; if it is locked,
 * every call rejects.
 * @throws {NodeError} `ERR_ZT_CONTROLLER` if the node runs one already
 * @throws {StoreError} `ERR_ZT_STORE_LOCKED` if another controller of this process uses the store
 */
export const createController = (node: ZtNode, options: { readonly store?: StateStore } = {}): Controller => {
  if (!(node instanceof VirtualNode)) throw notOfThisThread(node)
  if (node.running.ended !== undefined) throw node.running.ended
  checkOptions('createController()', options, { store: aStore })
  if (node.running.hasController)
    throw new NodeError('ERR_ZT_CONTROLLER', `node ${node.id} runs a controller already — use that one, or close it`)
  const { store = node.keeper.store } = options
  if (inUse.has(store))
    throw new StoreError(
      'ERR_ZT_STORE_LOCKED',
      undefined,
      'another controller keeps its records there — close it first',
    )
  return new HostedController(node, store)
}

/** Stores with the records of a controller that runs: each of two would write over what the other knows. */
const inUse = new WeakSet<StateStore>()

export class HostedController implements Controller {
  readonly networks$: Observable<ReadonlyMap<NetworkId, ControllerNetwork>>
  readonly requests$: Observable<JoinRequest>
  readonly traces$: Observable<RemoteTrace>
  readonly #node: VirtualNode
  readonly #claim: StateStore
  readonly #store: StateStore
  readonly #records: RecordWriter
  readonly #running: RunningController
  readonly #networks = new BehaviorSubject<ReadonlyMap<NetworkId, ControllerNetwork>>(new Map())
  /** Says when members of a network changed. */
  readonly #members = new Map<NetworkBits, Subject<void>>()
  /** Resolves when the stored networks are in, rejects if they cannot be read. */
  readonly ready: Promise<void>
  #damaged: ReadonlyMap<NetworkBits, StoreError> = new Map()
  readonly #orphans = new Map<NetworkBits, readonly string[]>()
  #isReady = false
  #opened = false
  #closed: Promise<void> | undefined

  constructor(node: VirtualNode, store: StateStore) {
    this.#node = node
    this.#claim = store
    this.#store = store === node.keeper.store ? store : namedErrors(store)
    inUse.add(store)
    this.#records = new RecordWriter(this.#store, (error) => node.running.note('error', 'store', error.message))
    this.#running = new RunningController(node.running)
    this.networks$ = this.#networks.asObservable()
    this.requests$ = this.#running.news$.pipe(
      filter((news) => news._tag === 'Denied'),
      map(({ network, member, at }) => this.#request(network, member, at)),
    )
    this.traces$ = this.#running.news$.pipe(
      filter((news) => news._tag === 'Traced'),
      map(remoteTraceOf),
    )
    this.#running.news$.subscribe((news) => {
      switch (news._tag) {
        case 'NetworkChanged':
          this.#forgetOrphans(news.network)
          this.#records.save(recordPath(news.network), news.record)
          this.#show(news.network)
          return
        case 'MemberChanged':
          this.#records.save(recordPath(news.network, news.member), news.record)
          this.#members.get(news.network)?.next()
          return
        case 'Granted':
          this.#members.get(news.network)?.next()
      }
    })
    this.ready = this.#restore()
    this.ready.catch((error: unknown) =>
      node.running.note('error', 'controller', `stored networks cannot be read: ${String(error)}`),
    )
    node.beforeClose(() => this.close().catch(() => undefined))
  }

  async create(config: NetworkConfigInput = {}): Promise<ControllerNetwork> {
    const { created } = await this.command({ _tag: 'CreateNetwork', change: change('create()', config) })
    const network = created === undefined ? undefined : this.#networks.value.get(publicNetworkId(created))
    if (network === undefined) throw new NodeError('ERR_ZT_DEFECT', 'the network was not created — please report it')
    return network
  }

  network(id: NetworkId | string): ControllerNetwork | undefined {
    return this.#networks.value.get(asNetworkId(id))
  }

  async authorize(network: NetworkId | string, member: NodeId | string, options: AuthorizeOptions = {}): Promise<void> {
    checkOptions('authorize()', options, authorizeRules)
    await this.command({ _tag: 'Authorize', ...named(network, member), ...options })
  }
  async deauthorize(network: NetworkId | string, member: NodeId | string): Promise<void> {
    await this.command({ _tag: 'Deauthorize', ...named(network, member) })
  }
  async update(network: NetworkId | string, patch: Partial<NetworkConfigInput>): Promise<void> {
    await this.command({
      _tag: 'UpdateNetwork',
      network: parseNetworkId(asNetworkId(network))!,
      change: change('update()', patch),
    })
  }
  async updateMember(network: NetworkId | string, member: NodeId | string, patch: MemberInput): Promise<void> {
    checkOptions('updateMember()', patch, memberRules)
    await this.command({ _tag: 'UpdateMember', ...named(network, member), change: patch })
  }
  async delete(network: NetworkId | string): Promise<void> {
    await this.command({ _tag: 'DeleteNetwork', network: parseNetworkId(asNetworkId(network))! })
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#running.end()
    this.#networks.complete()
    for (const members of this.#members.values()) members.complete()
    try {
      await this.#records.flush()
    } finally {
      inUse.delete(this.#claim)
      if (this.#opened) await this.#store.close?.()
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Whether the stored networks are in. */
  get isReady(): boolean {
    return this.#isReady
  }
  /** The records, for whoever shows them as they are. */
  get hosted(): ReadonlyMap<NetworkBits, HostedNetwork> {
    return this.#running.state.networks
  }

  /** One command of the controller role; resolves when the store has what it changed. */
  async command(input: ControllerInput): Promise<{ readonly created: NetworkBits | undefined }> {
    await this.ready
    if (this.#closed !== undefined) throw new NodeError('ERR_ZT_CLOSED', 'the controller is closed — create a new one')
    const damage =
      'network' in input && typeof input.network === 'bigint' ? this.#damaged.get(input.network) : undefined
    if (damage !== undefined) throw damage
    const { created, rejected } = this.#running.command(input)
    if (rejected !== undefined) throw refusal(rejected)
    await this.#records.flush()
    return { created }
  }

  async #restore(): Promise<void> {
    if (this.#store !== this.#node.keeper.store) {
      await this.#store.open?.()
      this.#opened = true
    }
    const { networks, damaged, orphans } = await readRecords(this.#store).catch((cause: unknown) => {
      throw asStoreError('ERR_ZT_STORE_CORRUPT', undefined, 'the records of the controller cannot be read', cause)
    })
    if (this.#closed !== undefined) return
    this.#damaged = damaged
    for (const [id, paths] of orphans) this.#orphans.set(id, paths)
    for (const { network, members } of networks) this.#running.command({ _tag: 'Restore', network, members })
    for (const error of damaged.values()) this.#node.running.note('error', 'controller', error.message)
    this.#show(...this.#running.state.networks.keys())
    this.#isReady = true
    this.#running.begin(damaged.keys())
  }

  /** Members of a network that had this ID before are not members of the new one. */
  #forgetOrphans(id: NetworkBits): void {
    for (const path of this.#orphans.get(id) ?? []) this.#records.save(path, undefined)
    this.#orphans.delete(id)
  }

  #request(network: NetworkBits, member: Address, at: number): JoinRequest {
    const [id, who] = [publicNetworkId(network), publicNodeId(member)]
    return { network: id, member: who, at, authorize: (options) => this.authorize(id, who, options) }
  }

  /** What is hosted now; `changed` are the networks whose record is another one, or gone. */
  #show(...changed: readonly NetworkBits[]): void {
    const all = new Map(this.#networks.value)
    for (const id of changed) {
      const hosted = this.#running.state.networks.get(id)
      const name = publicNetworkId(id)
      if (hosted !== undefined) {
        all.set(name, { id: name, config: networkConfigOf(hosted.record), members$: this.#membersOf(hosted) })
        continue
      }
      all.delete(name)
      this.#members.get(id)?.complete()
      this.#members.delete(id)
    }
    this.#networks.next(all)
  }

  /** Made for whoever looks: a request must not cost a copy of a hundred thousand members. */
  #membersOf(hosted: HostedNetwork): Observable<ReadonlyMap<NodeId, Member>> {
    const changed = this.#members.get(hosted.id) ?? new Subject<void>()
    this.#members.set(hosted.id, changed)
    return changed.pipe(
      startWith(undefined),
      map(() => membersIn(hosted)),
    )
  }
}

const membersIn = (hosted: HostedNetwork): ReadonlyMap<NodeId, Member> =>
  new Map([...hosted.members.values()].map((member) => [publicNodeId(member.address), memberOf(member)]))

const named = (network: NetworkId | string, member: NodeId | string) => ({
  network: parseNetworkId(asNetworkId(network))!,
  member: parseAddress(asNodeId(member))!,
})

const change = (of: string, config: NetworkConfigInput): NetworkChange => {
  checkOptions(of, config, networkConfigRules)
  const { rules, ...rest } = config
  if (rules === undefined) return rest
  return typeof rules === 'string' ? { ...rest, ...compiled(rules) } : { ...rest, rules }
}

/** Rules in the rule language define the capabilities and tags of the network as well. */
const compiled = (source: string): NetworkChange => {
  const made = compileRules(source)
  if (made._tag === 'Right') return made.right.config
  const { line, column, message } = made.left
  throw new ArgumentError(
    'ERR_ZT_INVALID_OPTION',
    `rules cannot be compiled: line ${line}, column ${column}: ${message} — correct the source`,
  )
}

const refusal = (error: ControllerError): ZtError => {
  const text = explainControllerError(error)
  return error._tag === 'BadValue'
    ? new ArgumentError('ERR_ZT_INVALID_OPTION', text)
    : new NodeError('ERR_ZT_CONTROLLER', text)
}
