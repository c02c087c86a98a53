import type { Subscription } from 'rxjs'
import { encode } from '../../protocol/kernel/codec.ts'
import { world } from '../../protocol/world/world.ts'
import { ArgumentError } from '../../streams/error.ts'
import { createNodeOn } from '../create-node.ts'
import { VirtualNode, type ZtNode } from '../node.ts'
import { event as code } from './constant/event.ts'
import { result } from './constant/result.ts'
import { message, storeMessage, type ZtsEventMessage } from './event-message.ts'
import { EventMessages } from './event-messages.ts'
import type { Instance } from './instance.ts'
import { freshSettings } from './settings.ts'
import { startOptions } from './start-options.ts'

/** Starts and stops the node of an instance, any number of times. */
export class Life {
  readonly #instance: Instance
  #starting: AbortController | undefined
  #started: Promise<number> | undefined
  #isOlder = false
  #subscriptions: readonly Subscription[] = []
  /** That the node is down: said when what it keeps is kept, too. */
  #sayLast: () => void = () => undefined

  constructor(instance: Instance) {
    this.#instance = instance
  }

  /** Gives the result when the node is there, or why it is not. `isOlder`: by a call of older headers. */
  start(isOlder = false): Promise<number> {
    if (this.#instance.phase !== 'stopped') return Promise.resolve(result.ZTS_ERR_SERVICE)
    this.#instance.phase = 'starting'
    this.#starting = new AbortController()
    this.#started = this.#start(isOlder, this.#starting.signal)
    return this.#started
  }

  /** Gives the result when nothing of the node is left. */
  async stop(): Promise<number> {
    const instance = this.#instance
    if (instance.phase === 'starting') {
      this.#starting?.abort()
      await this.#started
      return result.ZTS_ERR_OK
    }
    return instance.phase === 'running' ? this.#end(instance.node!) : result.ZTS_ERR_SERVICE
  }

  /** With the settings that it was started with. */
  async restart(): Promise<number> {
    const { phase, settings } = this.#instance
    if (phase !== 'running') return result.ZTS_ERR_SERVICE
    const isOlder = this.#isOlder
    await this.stop()
    if (this.#instance.phase !== 'stopped') return result.ZTS_ERR_SERVICE
    this.#instance.settings = settings
    return this.start(isOlder)
  }

  async #start(isOlder: boolean, signal: AbortSignal): Promise<number> {
    const instance = this.#instance
    this.#isOlder = isOlder
    const deliver = this.#delivery()
    // what the store hears while the node is made comes after the identity that it was made with
    const early: ZtsEventMessage[] = []
    let announce = (told: ZtsEventMessage): void => void early.push(told)
    try {
      const { options, store } = startOptions(instance, (told) => announce(told))
      const make = instance.options.net?.node.bind(instance.options.net) ?? createNodeOn(instance.host.platform)
      const node = await make({ ...options, signal })
      if (signal.aborted) await node.close({ graceMs: 0 })
      signal.throwIfAborted()
      const isNew = options.identity === undefined && store?.hasIdentity !== true
      announce = deliver
      if (isNew) for (const told of identityMessages(node)) deliver(told)
      if (store?.hasPlanet !== true && node instanceof VirtualNode) deliver(planetMessage(node))
      for (const told of early) deliver(told)
      this.#run(node)
      if (instance.settings.handler !== undefined) this.#tell(node, new EventMessages(isOlder), deliver)
      return result.ZTS_ERR_OK
    } catch (error) {
      instance.phase = 'stopped'
      if (signal.aborted) {
        instance.settings = freshSettings()
        return result.ZTS_ERR_SERVICE
      }
      instance.failed(error)
      if (error instanceof ArgumentError) return result.ZTS_ERR_ARG
      deliver(message(code.ZTS_EVENT_NODE_FATAL_ERROR, { error: instance.error ?? null }))
      return result.ZTS_ERR_SERVICE
    }
  }

  #run(node: ZtNode): void {
    const instance = this.#instance
    instance.node = node
    instance.phase = 'running'
    instance.pastStats = {}
    this.#subscriptions = [
      node.networks$.subscribe((states) => {
        if (instance.node === node) instance.states = states
      }),
    ]
    node.closed.catch((error: unknown) => {
      instance.failed(error)
      if (instance.node === node) void this.#end(node)
    })
  }

  #tell(node: ZtNode, messages: EventMessages, deliver: (told: ZtsEventMessage) => void): void {
    const telling = node.events$.subscribe((event) => {
      const told = messages.of(event)
      if (event.type === 'node/down' || event.type === 'node/fatal') this.#sayLast = () => told.forEach(deliver)
      else told.forEach(deliver)
    })
    this.#subscriptions = [...this.#subscriptions, telling]
  }

  async #end(node: ZtNode): Promise<number> {
    const instance = this.#instance
    instance.phase = 'stopping'
    instance.node = undefined
    instance.states = new Map()
    let outcome: number = result.ZTS_ERR_OK
    try {
      await instance.endUsers()
      await node.close()
    } catch (error) {
      // of the store: the node is down all the same
      instance.failed(error)
      outcome = result.ZTS_ERR_GENERAL
    }
    this.#sayLast()
    this.#sayLast = () => undefined
    for (const subscription of this.#subscriptions) subscription.unsubscribe()
    this.#subscriptions = []
    instance.settings = freshSettings()
    instance.phase = 'stopped'
    return outcome
  }

  /** Each message in a microtask of its own, in order: what a handler throws is its own affair, and stops no other. */
  #delivery(): (told: ZtsEventMessage) => void {
    const { handler } = this.#instance.settings
    return handler === undefined ? () => undefined : (told) => queueMicrotask(() => handler(told))
  }
}

/** What a program keeps to be the same node again, in the order in which the C library tells of it. */
const identityMessages = (node: ZtNode): readonly ZtsEventMessage[] => {
  const text = new TextEncoder()
  return [
    storeMessage(code.ZTS_EVENT_STORE_IDENTITY_SECRET, text.encode(node.identity.exportSecret())),
    storeMessage(code.ZTS_EVENT_STORE_IDENTITY_PUBLIC, text.encode(node.identity.public)),
  ]
}
const planetMessage = (node: VirtualNode): ZtsEventMessage =>
  storeMessage(code.ZTS_EVENT_STORE_PLANET, encode(world, node.running.worlds.planet))
