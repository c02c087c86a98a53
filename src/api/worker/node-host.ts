import { map, type Observable, Subscription } from 'rxjs'
import type { Address, NetworkId as NetworkBits } from '../../protocol/kernel/id.ts'
import { publicNodeId } from '../../streams/public-id.ts'
import type { SocketId } from '../../streams/sockets.ts'
import type { StateStore } from '../../streams/store.ts'
import type { TraceRecord } from '../../streams/trace.ts'
import { asNetworkId } from '../id.ts'
import type { VirtualNode } from '../node.ts'
import type { Question, TapItem, TapName, ToNode, ToProgram, WireStats, WorkerSetup } from './message.ts'
import { NetworkHost, OVERHEAD } from './network-host.ts'
import { plainError } from './plain-error.ts'
import { RemoteStore } from './remote-store.ts'
import { alone, Mailbox, type ThreadPort } from './thread-port.ts'

/** How a node is started here, once its options are known. */
export type Start = (
  setup: WorkerSetup,
  store: StateStore | string | undefined,
  signal: AbortSignal,
) => Promise<VirtualNode>

/** Starts a node for the thread at the other end of `port`, and does what that asks until the node has ended. */
export const hostNode = async (port: ThreadPort, setup: WorkerSetup, start: Start): Promise<void> => {
  const mailbox = new Mailbox<ToProgram>(port)
  const store = setup.store === 'remote' ? new RemoteStore((question) => mailbox.put(question)) : undefined
  const starting = new AbortController()
  let host: NodeHost | undefined
  port.listen((batch) => {
    for (const message of batch as readonly ToNode[])
      if (message._tag === 'Stored') store?.hear(message)
      else if (host !== undefined) host.hear(message)
      else if (message._tag === 'GiveUp') starting.abort()
  })
  try {
    const path = typeof setup.store === 'object' ? setup.store.path : undefined
    const node = await start(setup, store ?? path, starting.signal)
    host = new NodeHost(node, mailbox, { identity: node.identity.exportSecret(), firstSocket: 1 })
    await node.closed
    mailbox.put({ _tag: 'Ended' })
  } catch (error) {
    mailbox.put({ _tag: 'Ended', error: plainError(error) })
  }
}

/**
 * Lets a program at the other end of `port` use a node that runs already, beside whoever else does: to close it there ends
 * the use, not the node. `firstSocket` keeps its sockets apart from those of others, `SOCKETS_APART` between them. Returns what ends the
 * use, also when the other end is gone; its sockets are reset.
 */
export const attach = (node: VirtualNode, port: ThreadPort, firstSocket: SocketId): (() => void) => {
  const mailbox = new Mailbox<ToProgram>(port)
  const host = new NodeHost(node, mailbox, {
    identity: node.identity.public,
    firstSocket,
    onClose: () => mailbox.put({ _tag: 'Ended' }),
  })
  port.listen((batch) => {
    for (const message of batch as readonly ToNode[]) host.hear(message)
  })
  const over = (error?: unknown): void =>
    mailbox.put({ _tag: 'Ended', ...(error === undefined ? {} : { error: plainError(error) }) })
  node.closed.then(() => over(), over)
  return () => host.abandon()
}

interface Terms {
  /** The text that the other end gets. */
  readonly identity: string
  readonly firstSocket: SocketId
  /** Instead of closing the node. */
  readonly onClose?: () => void
}

class NodeHost {
  readonly #node: VirtualNode
  readonly #mailbox: Mailbox<ToProgram>
  readonly #terms: Terms
  readonly #watching = new Subscription()
  readonly #networks = new Map<NetworkBits, NetworkHost>()
  readonly #taps = new Map<string, Subscription>()
  readonly #asked = new Map<number, AbortController>()
  readonly #changed = new Set<Address>()
  /** What may be lost and was not taken yet. */
  #untaken = 0

  constructor(node: VirtualNode, mailbox: Mailbox<ToProgram>, terms: Terms) {
    this.#node = node
    this.#mailbox = mailbox
    this.#terms = terms
    const { running } = node
    const { identity, firstSocket } = terms
    mailbox.put({ _tag: 'Up', identity, firstSocket, info: node.info, stats: stats(node) })
    const watching = this.#watching
    watching.add(
      node.events$.subscribe((event) => {
        mailbox.put({ _tag: 'Info', info: node.info })
        if (event.type !== 'node/fatal') mailbox.put({ _tag: 'Event', event })
        else mailbox.put({ _tag: 'Event', event, error: plainError(event.error) })
      }),
    )
    watching.add(running.network$.subscribe((networks) => this.#host(networks)))
    for (const { address } of running.snapshots.values()) this.#peerChanged(address)
    watching.add(running.peerChanged$.subscribe((address) => this.#peerChanged(address)))
    watching.add(
      running.hands.link.local$.subscribe({
        next: () => mailbox.put({ _tag: 'Info', info: node.info }),
        error: () => undefined,
      }),
    )
  }

  /** The other end is no more, and the node goes on without it. */
  abandon(): void {
    this.#watching.unsubscribe()
    for (const tap of this.#taps.values()) tap.unsubscribe()
    for (const asked of this.#asked.values()) asked.abort()
    for (const network of this.#networks.values()) network.abandon()
    this.#networks.clear()
  }

  hear(message: ToNode): void {
    switch (message._tag) {
      case 'Ask':
        void this.#ask(message.number, message.question)
        return
      case 'GiveUp':
        this.#asked.get(message.number)?.abort()
        return
      case 'Call':
        this.#networks.get(message.network)?.call(message.call)
        return
      case 'AddRoute':
        this.#node.running.networks.get(message.network)?.addRoute(message.route)
        return
      case 'RemoveRoute':
        this.#node.running.networks.get(message.network)?.removeRoute(message.target)
        return
      case 'Tap':
        this.#tap(message.tap, message.network, message.on)
        return
      case 'Taken':
        this.#untaken -= message.cost
    }
  }

  async #ask(number: number, question: Question): Promise<void> {
    const given = new AbortController()
    this.#asked.set(number, given)
    try {
      const value = await this.#answer(question, given.signal)
      this.#mailbox.put({ _tag: 'Answer', number, value })
    } catch (error) {
      this.#mailbox.put({ _tag: 'Answer', number, error: plainError(error) })
    }
    this.#asked.delete(number)
  }

  async #answer(question: Question, signal: AbortSignal): Promise<unknown> {
    const node = this.#node
    const { networks } = node.running
    switch (question._tag) {
      case 'Join':
        await node.join(question.id, { ...question.options, signal })
        return undefined
      case 'Leave':
        return node.network(asNetworkId(question.id))?.leave()
      case 'Online':
        return node.online({ timeout: question.timeout, signal })
      case 'Orbit':
        return node.orbit(question.world, question.seed)
      case 'Deorbit':
        return node.deorbit(question.world)
      case 'Close':
        return this.#terms.onClose === undefined ? node.close({ graceMs: 0 }) : this.#terms.onClose()
      case 'Settle':
        return undefined
      case 'NodeStats':
        return stats(node)
      case 'NetworkStats':
        return networks.get(question.network)?.stats ?? {}
      case 'TcpInfo':
        return networks.get(question.network)?.tcpInfo(question.id)
    }
  }

  #host(networks: VirtualNode['running']['networks']): void {
    for (const [id, host] of this.#networks)
      if (!networks.has(id)) {
        host.end()
        this.#networks.delete(id)
      }
    const ports = {
      now: () => this.#node.running.now(),
      tell: (message: ToProgram, transfer?: Uint8Array<ArrayBuffer>) => this.#mailbox.put(message, transfer),
      admits: (cost: number) => this.#admits(cost),
    }
    for (const [id, network] of networks)
      if (!this.#networks.has(id)) this.#networks.set(id, new NetworkHost(network, ports, this.#terms.firstSocket))
  }

  /** Once for all that change in one turn. */
  #peerChanged(address: Address): void {
    if (this.#changed.size === 0)
      queueMicrotask(() => {
        const { running } = this.#node
        const peers = [...this.#changed].map((one) => [publicNodeId(one), running.peer(one)] as const)
        this.#changed.clear()
        this.#mailbox.put({ _tag: 'Peers', peers })
      })
    this.#changed.add(address)
  }

  #tap(tap: TapName, id: NetworkBits | undefined, on: boolean): void {
    const name = `${tap} ${id ?? ''}`
    this.#taps.get(name)?.unsubscribe()
    this.#taps.delete(name)
    const item$ = on ? this.#source(tap, id) : undefined
    if (item$ === undefined) return
    const watching = item$.subscribe((item) => {
      const size =
        item.tap === 'packets' ? item.value.bytes.length : item.tap === 'frames' ? item.value.payload.length : 0
      const cost = size + OVERHEAD
      if (!this.#admits(cost)) return
      // a view is cloned with all that it is cut from
      const value = item.tap === 'frames' ? { ...item.value, payload: alone(item.value.payload) } : item.value
      this.#mailbox.put({ _tag: 'Tapped', item: { ...item, value } as TapItem, cost })
    })
    this.#taps.set(name, watching)
  }

  #source(tap: TapName, network: NetworkBits | undefined): Observable<TapItem> | undefined {
    const node = this.#node
    switch (tap) {
      case 'packets':
        return node.packets$.pipe(map((value) => ({ tap, value })))
      case 'trace':
        return node.trace$.pipe(map((value) => ({ tap, value: cloneable(value) })))
      case 'drops':
        return node.drop$.pipe(map((value) => ({ tap, value })))
      default: {
        const running = network === undefined ? undefined : node.running.networks.get(network)
        if (running === undefined || network === undefined) return undefined
        return tap === 'frames'
          ? running.frames$.pipe(map((value) => ({ tap, network, value })))
          : running.members$.pipe(map((value) => ({ tap, network, value })))
      }
    }
  }

  #admits(cost: number): boolean {
    if (this.#untaken + cost > MOST_UNTAKEN) return false
    this.#untaken += cost
    return true
  }
}

/** Records hold what their writers put in: at worst its text goes over. */
const cloneable = (record: TraceRecord): TraceRecord => {
  const { data } = record
  if (data === undefined) return record
  const plain = Object.fromEntries(
    Object.entries(data).map(([name, value]) => [name, typeof value === 'function' ? String(value) : value]),
  )
  return { ...record, data: plain }
}

const stats = (node: VirtualNode): WireStats => {
  const { link, drops, vl1 } = node.stats
  return { link: link === undefined ? undefined : { ...link }, drops: { ...drops }, vl1: { ...vl1 } }
}

/** How far apart those who use one node number their sockets. */
export const SOCKETS_APART: SocketId = 2 ** 36
/** Bytes under way to the other thread of what may be lost: datagrams and what taps show. */
const MOST_UNTAKEN = 4 * 1024 * 1024
