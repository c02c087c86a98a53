/**
 * One of our nodes in a process and network namespace of its own: does what the test says, answers with JSON over the
 * process channel.
 */
import http from 'node:http'
import { createNode, type Network, type ZtNode } from 'rxzt'
import { type Controller, createController, createRoot } from 'rxzt/controller'
import { serveHttp, udpLink, ZtAgent } from 'rxzt/node'

export type Order =
  | {
      readonly do: 'node'
      readonly role: 'member' | 'root' | 'controller'
      readonly identity: string
      readonly planet: string
      readonly address: string
    }
  | { readonly do: 'join'; readonly network: string }
  | { readonly do: 'create-network'; readonly config: Record<string, unknown> }
  | { readonly do: 'authorize'; readonly network: string; readonly member: string }
  | { readonly do: 'deauthorize'; readonly network: string; readonly member: string }
  | { readonly do: 'serve'; readonly port: number; readonly text: string }
  | { readonly do: 'get'; readonly host: string; readonly port: number; readonly path: string }
  | { readonly do: 'ping'; readonly host: string; readonly count: number }
  | { readonly do: 'peer'; readonly id: string }
  | { readonly do: 'state' }
  | { readonly do: 'close' }

let node: ZtNode | undefined
let network: Network | undefined
let controller: Controller | undefined

const obey = async (order: Order): Promise<unknown> => {
  switch (order.do) {
    case 'node': {
      const began = performance.now()
      const options = {
        identity: order.identity,
        planet: Buffer.from(order.planet, 'hex'),
        link: udpLink({ address: order.address, port: 9993 }),
      }
      node = await (order.role === 'root' ? createRoot(options) : createNode(options))
      if (order.role === 'controller') controller = createController(node)
      await node.online({ timeout: 30_000 })
      return { id: node.id, ms: performance.now() - began }
    }
    case 'join': {
      const began = performance.now()
      network = await node!.join(order.network, { timeout: 60_000 })
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
      for await (const reply of network!.ping(order.host, { count: order.count, interval: 200, timeout: 5000 }))
        replies.push(reply)
      return replies
    }
    case 'peer': {
      const peer = node!.peer(order.id)
      return peer === undefined
        ? {}
        : { link: peer.link, version: peer.version, latency: peer.latency, paths: peer.paths }
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
