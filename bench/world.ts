import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { filter, firstValueFrom } from 'rxjs'
import { createNode, generateIdentity, type Identity } from 'rxzt'
import { createController, createPlanet, createRoot, createSigningKey } from 'rxzt/controller'
import { udpLink } from 'rxzt/node'
import type { Order } from './peer.ts'

/** A benchmark process: orders in, results out. */
export class Peer {
  private readonly child: ChildProcess
  private readonly waiting = new Map<number, (message: { result?: unknown; error?: string }) => void>()
  private next = 0

  constructor(file: string) {
    this.child = fork(new URL(file, import.meta.url), {
      execArgv: ['--import', 'tsx'],
      // the built package is measured, not its sources: the loader's helpers cost as much as the protocol
      env: { ...process.env, TSX_TSCONFIG_PATH: fileURLToPath(new URL('./tsconfig.json', import.meta.url)) },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.child.on('message', (message: { id: number; result?: unknown; error?: string }) => {
      this.waiting.get(message.id)?.(message)
      this.waiting.delete(message.id)
    })
    this.child.on('exit', () => {
      for (const settle of this.waiting.values()) settle({ error: 'the process ended' })
    })
  }

  // biome-ignore lint/suspicious/noExplicitAny: each order has its own result, read by the row that gave the order
  tell(order: unknown): Promise<any> {
    return new Promise((resolve, reject) => {
      const id = this.next++
      this.waiting.set(id, ({ result, error }) => (error === undefined ? resolve(result) : reject(new Error(error))))
      this.child.send({ id, order })
    })
  }

  stop(): void {
    this.child.disconnect()
  }
}

export interface World {
  readonly planet: string
  readonly network: string
  readonly rootPort: number
  /** A process with a node of its own, joined. */
  readonly member: (
    options?: Omit<Extract<Order, { do: 'start' }>, 'do' | 'planet' | 'identity' | 'network'>,
  ) => Promise<{
    readonly peer: Peer
    readonly id: string
    readonly address: string
    readonly port: number
    readonly online: number
    readonly ready: number
  }>
  readonly close: () => Promise<void>
}

/** Root, controller and one open network in this process, on loopback. Identities are made beforehand: nobody measures luck. */
export const createWorld = async (identities: readonly Identity[]): Promise<World> => {
  const loopback = () => udpLink({ address: '127.0.0.1', port: 0, secondary: false })
  const rootLink = loopback()
  const endpoints = await firstValueFrom(rootLink.local$.pipe(filter((sockets) => sockets.length > 0)))
  const planet = createPlanet({
    id: 1n,
    timestamp: BigInt(Date.now()),
    roots: [{ identity: identities[0]!.public, endpoints }],
    signingKey: createSigningKey(),
  })
  const root = await createRoot({ identity: identities[0]!, planet, link: rootLink })
  const host = await createNode({ identity: identities[1]!, planet, link: loopback() })
  const controller = createController(host)
  const network = await controller.create({
    private: false,
    v4AssignMode: { zt: true },
    ipAssignmentPools: [{ ipRangeStart: '10.55.0.1', ipRangeEnd: '10.55.0.254' }],
    routes: [{ target: '10.55.0.0/24' }],
  })
  let used = 2
  const peers: Peer[] = []
  return {
    planet: Buffer.from(planet).toString('hex'),
    network: network.id,
    rootPort: endpoints[0]!.port,
    member: async (options = {}) => {
      const peer = new Peer('./peer.ts')
      peers.push(peer)
      const identity = identities[used++ % identities.length]!
      const started = await peer.tell({
        do: 'start',
        planet: Buffer.from(planet).toString('hex'),
        identity: identity.exportSecret(),
        network: network.id,
        ...options,
      } satisfies Order)
      return { peer, ...started }
    },
    close: async () => {
      for (const peer of peers) {
        await peer.tell({ do: 'stop' } satisfies Order)
        peer.stop()
      }
      await controller[Symbol.asyncDispose]()
      await host.close()
      await root.close()
    },
  }
}

export const makeIdentities = (count: number): Promise<readonly Identity[]> =>
  Promise.all(Array.from({ length: count }, () => generateIdentity()))
