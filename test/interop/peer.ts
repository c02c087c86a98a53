/**
 * One of our nodes in a process and network namespace of its own: does what the test says, answers with JSON over the
 * process channel.
 */
import http from 'node:http'
import { createNode, type Network, type UdpSocket, type ZtNode } from 'rxzt'
import { type Controller, createController, createRoot } from 'rxzt/controller'
import { serveHttp, serveLocalApi, udpLink, ZtAgent } from 'rxzt/node'
import { joinTap } from './tap.ts'

export type Order =
  | {
      readonly do: 'node'
      readonly role: 'member' | 'root' | 'controller'
      /** Left out: the one in the home. */
      readonly identity?: string
      readonly planet: string
      /** All of the host's, as they come and go, unless one is named. */
      readonly address?: string
      /** A directory to keep things in; there the HTTP API is served as well. */
      readonly home?: string
    }
  | { readonly do: 'join'; readonly network: string; readonly wait?: 'ok' }
  | { readonly do: 'create-network'; readonly config: Record<string, unknown> }
  | { readonly do: 'authorize'; readonly network: string; readonly member: string }
  | { readonly do: 'deauthorize'; readonly network: string; readonly member: string }
  | { readonly do: 'serve'; readonly port: number; readonly text: string }
  | { readonly do: 'get'; readonly host: string; readonly port: number; readonly path: string }
  | {
      readonly do: 'ping'
      readonly host: string
      readonly count: number
      readonly size?: number
      readonly timeout?: number
    }
  | { readonly do: 'echo-server'; readonly port: number }
  | { readonly do: 'transfer'; readonly host: string; readonly port: number; readonly bytes: number }
  | { readonly do: 'bind'; readonly port: number; readonly groups?: readonly string[]; readonly address?: string }
  | { readonly do: 'send'; readonly port: number; readonly to: string; readonly toPort: number; readonly text: string }
  | { readonly do: 'heard'; readonly port: number }
  | { readonly do: 'bridge'; readonly namespace: string; readonly device: string }
  | { readonly do: 'watch' }
  | { readonly do: 'seen' }
  | { readonly do: 'leave' }
  | { readonly do: 'peer'; readonly id: string }
  | { readonly do: 'echoes'; readonly host: string }
  | { readonly do: 'echoed' }
  | { readonly do: 'orbit'; readonly world: string; readonly seed: string }
  | { readonly do: 'deorbit'; readonly world: string }
  | { readonly do: 'state' }
  | {
      readonly do: 'library'
      readonly name: keyof typeof import('./library-clients.ts').clients
      readonly host: string
      readonly secret: string
    }
  | { readonly do: 'close' }

let node: ZtNode | undefined
let network: Network | undefined
let controller: Controller | undefined
const bound = new Map<number, { readonly socket: UdpSocket; readonly heard: Heard[] }>()
let seen: Seen[] = []
let watching: { unsubscribe(): void } | undefined
/** When answers to `echoes` came, in ms since the epoch. */
const echoed: number[] = []

/** A datagram as it came out of a socket. */
export interface Heard {
  readonly from: string
  readonly to: string
  readonly text: string
}
/** A frame as it passed between VL2 and the host stack. */
export interface Seen {
  readonly dir: 'in' | 'out'
  readonly from: string
  readonly to: string
  readonly etherType: number
  readonly hex: string
}

const obey = async (order: Order): Promise<unknown> => {
  switch (order.do) {
    case 'node': {
      const began = performance.now()
      const options = {
        ...(order.identity === undefined ? {} : { identity: order.identity }),
        planet: Buffer.from(order.planet, 'hex'),
        link: udpLink({ port: 9993, ...(order.address === undefined ? {} : { address: order.address }) }),
        ...(order.home === undefined ? {} : { store: order.home }),
      }
      node = await (order.role === 'root' ? createRoot(options) : createNode(options))
      if (order.role === 'controller') controller = createController(node)
      if (order.home !== undefined)
        await serveLocalApi(node, { home: order.home, ...(controller === undefined ? {} : { controller }) })
      await node.online({ timeout: 30_000 })
      return { id: node.id, ms: performance.now() - began }
    }
    case 'join': {
      const began = performance.now()
      network = await node!.join(order.network, { timeout: 60_000, wait: order.wait ?? 'ready' })
      return { addresses: network.addresses, ms: performance.now() - began }
    }
    case 'create-network':
      return { id: (await controller!.create(order.config)).id }
    case 'authorize':
      return controller!.authorize(order.network as never, order.member as never)
    case 'deauthorize':
      return controller!.deauthorize(order.network as never, order.member as never)
    case 'serve': {
      const server = http.createServer((request, response) => response.end(`${order.text} ${request.url}`))
      serveHttp(await network!.listen({ port: order.port }), server)
      return {}
    }
    case 'get':
      return new Promise((resolve, reject) => {
        const began = performance.now()
        http
          .get({ host: order.host, port: order.port, path: order.path, agent: new ZtAgent(network!) }, (response) => {
            let body = ''
            response.on('data', (data) => {
              body += data
            })
            response.on('end', () => resolve({ status: response.statusCode, body, ms: performance.now() - began }))
          })
          .on('error', reject)
      })
    case 'ping': {
      const replies: unknown[] = []
      const { host, count, size = 56, timeout = 5000 } = order
      for await (const reply of network!.ping(host, { count, size, interval: 200, timeout })) replies.push(reply)
      return replies
    }
    case 'echo-server': {
      const server = await network!.listen({ port: order.port })
      void (async () => {
        for await (const socket of server)
          void (async () => {
            for await (const chunk of socket) await socket.write(chunk)
            await socket.end()
          })().catch(() => undefined)
      })().catch(() => undefined) // the network was left
      return {}
    }
    case 'transfer': {
      const began = performance.now()
      const socket = await network!.connect({ host: order.host, port: order.port })
      const sent = Buffer.alloc(order.bytes, 'there and back ')
      const writing = socket.write(sent).then(() => socket.end())
      const got: Uint8Array[] = []
      for await (const chunk of socket) got.push(chunk.slice())
      await writing
      return { same: sent.equals(Buffer.concat(got)), ms: performance.now() - began }
    }
    case 'bind': {
      const socket = await network!.bind({ port: order.port })
      socket.configure({ broadcast: true })
      for (const group of order.groups ?? []) socket.joinGroup(group as never)
      const heard: Heard[] = []
      socket.messages$.subscribe(({ data, from, to }) =>
        heard.push({ from: from.address, to: to.address, text: Buffer.from(data).toString() }),
      )
      bound.set(order.port, { socket, heard })
      return socket.local
    }
    case 'send':
      return bound.get(order.port)!.socket.send(order.text, { host: order.to, port: order.toPort })
    case 'heard':
      return bound.get(order.port)!.heard
    case 'bridge':
      return joinTap(await network!.bridge({ timeout: 30_000 }), order.namespace, order.device)
    case 'watch':
      seen = []
      watching?.unsubscribe()
      watching = network!.frames$.subscribe(({ dir, from, to, etherType, payload }) => {
        if (seen.length < 10_000) seen.push({ dir, from, to, etherType, hex: Buffer.from(payload).toString('hex') })
      })
      return {}
    case 'seen':
      return seen
    case 'leave':
      return network!.leave()
    case 'peer': {
      const peer = node!.peer(order.id)
      return peer === undefined
        ? {}
        : { link: peer.link, role: peer.role, version: peer.version, latency: peer.latency, paths: peer.paths }
    }
    case 'echoes': {
      // echo after echo, without end; one that takes longer counts as lost, so that the next one is not held up
      const echoes = network!.ping(order.host, { interval: 200, timeout: 400 })
      void (async () => {
        for await (const reply of echoes) if ('rtt' in reply) echoed.push(Date.now())
      })().catch(() => undefined)
      return {}
    }
    case 'echoed':
      return echoed
    case 'orbit':
      return node!.orbit(order.world, order.seed)
    case 'deorbit':
      return node!.deorbit(order.world)
    case 'library': {
      // loaded for this order alone
      const { clients } = await import('./library-clients.ts')
      return clients[order.name](network!, order.host, order.secret)
    }
    case 'state':
      return { state: network?.state, stats: node?.stats }
    case 'close':
      await node?.close()
      return {}
  }
}

process.on('message', (message: { readonly id: number; readonly order: Order }) => {
  obey(message.order).then(
    (result) => process.send!({ id: message.id, result: result ?? {} }),
    (error: unknown) =>
      process.send!({ id: message.id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))
