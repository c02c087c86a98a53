/**
 * One process of a benchmark: a node on the benchmark's own planet that does what the parent says. Started by
 * `bench/world.ts`; talks JSON over the process channel.
 */

import { filter, firstValueFrom } from 'rxjs'
import { createNode, type Endpoint, type Link, type Network, type TcpSocket, type ZtNode } from 'rxzt'
import { udpLink, workerNode } from 'rxzt/node'
import { type Impairment, impairedLink } from 'rxzt/testing'

export type Order =
  | {
      readonly do: 'start'
      readonly planet: string
      readonly identity: string
      readonly network: string
      readonly impairment?: Impairment
      /** Drop every datagram from and to these ports: no direct path. */
      readonly relayOnly?: readonly number[]
      /** The node runs on a thread of its own. */
      readonly worker?: boolean
    }
  | { readonly do: 'listen' }
  | { readonly do: 'listen-udp' }
  | { readonly do: 'bulk'; readonly host: string; readonly bytes: number; readonly seconds: number }
  | { readonly do: 'round-trips'; readonly host: string; readonly count: number }
  | { readonly do: 'connections'; readonly host: string; readonly seconds: number }
  | { readonly do: 'datagrams'; readonly host: string; readonly size: number; readonly seconds: number }
  | { readonly do: 'first-connect'; readonly host: string }
  | { readonly do: 'first-direct'; readonly host: string; readonly peer: string }
  | { readonly do: 'direct'; readonly peer: string }
  | { readonly do: 'received' }
  | { readonly do: 'stop' }

let node: ZtNode | undefined
let network: Network | undefined
let udpReceived = 0
let firstAt = 0
let lastAt = 0

const obey = async (order: Order): Promise<unknown> => {
  switch (order.do) {
    case 'start': {
      const began = performance.now()
      const who = { planet: Buffer.from(order.planet, 'hex'), identity: order.identity }
      node =
        order.worker === true ? await workerNode({ ...who, udp }) : await createNode({ ...who, link: linkOf(order) })
      await node.online()
      const online = performance.now() - began
      const joined = performance.now()
      network = await node.join(order.network)
      const ready = performance.now() - joined
      return { id: node.id, address: network.address(4), port: node.info.ports.primary, online, ready }
    }
    case 'listen': {
      const server = await network!.listen({ port: 5001 })
      void (async () => {
        for await (const socket of server) void serve(socket)
      })()
      return {}
    }
    case 'listen-udp': {
      const socket = await network!.bind({ port: 5002 })
      socket.messages$.subscribe(() => {
        if (udpReceived++ === 0) firstAt = performance.now()
        lastAt = performance.now()
      })
      return {}
    }
    case 'received': {
      const result = { count: udpReceived, seconds: (lastAt - firstAt) / 1000 }
      udpReceived = 0
      return result
    }
    case 'bulk': {
      const socket = await network!.connect({ host: order.host, port: 5001 })
      await socket.write('B')
      const chunk = new Uint8Array(256 * 1024)
      const began = performance.now()
      let sent = 0
      while (sent < order.bytes && performance.now() - began < order.seconds * 1000) {
        await socket.write(chunk)
        sent += chunk.length
      }
      await socket.end()
      let answer = ''
      for await (const part of socket) answer += new TextDecoder().decode(part)
      const { received, seconds } = JSON.parse(answer) as { received: number; seconds: number }
      if (received !== sent) throw new Error(`sent ${sent} bytes, ${received} arrived`)
      return { bytes: received, seconds }
    }
    case 'round-trips': {
      const socket = await network!.connect({ host: order.host, port: 5001 })
      const reader = socket[Symbol.asyncIterator]()
      await socket.write('E')
      const times: number[] = []
      for (let i = 0; i < order.count; i++) {
        const began = performance.now()
        await socket.write('x')
        await reader.next()
        times.push((performance.now() - began) * 1000)
      }
      await socket.end()
      return { p50: median(times.slice(times.length >> 2)) }
    }
    case 'connections': {
      const began = performance.now()
      let count = 0
      while (performance.now() - began < order.seconds * 1000) {
        const socket = await network!.connect({ host: order.host, port: 5001 })
        const reader = socket[Symbol.asyncIterator]()
        await socket.write('Ex')
        await reader.next()
        await socket.end()
        socket.reset()
        count++
      }
      return { count, seconds: (performance.now() - began) / 1000 }
    }
    case 'datagrams': {
      const socket = await network!.bind()
      socket.connect({ host: order.host, port: 5002 })
      const data = new Uint8Array(order.size)
      const began = performance.now()
      let count = 0
      while (performance.now() - began < order.seconds * 1000) {
        for (let i = 0; i < 32; i++) void socket.send(data)
        count += 32
        await new Promise((resolve) => setImmediate(resolve))
      }
      await socket.close()
      return { count }
    }
    case 'first-connect': {
      const began = performance.now()
      const socket = await network!.connect({ host: order.host, port: 5001 })
      const took = performance.now() - began
      socket.reset()
      return { ms: took }
    }
    case 'first-direct': {
      // whoever announced itself meanwhile is no stranger any more
      if (node!.peer(order.peer)?.link === 'direct') return { ms: undefined }
      const began = performance.now()
      const direct = firstValueFrom(
        node!.events$.pipe(filter((event) => event.type === 'peer/direct' && event.peer.id === order.peer)),
      )
      const socket = await network!.connect({ host: order.host, port: 5001 })
      await direct
      const took = performance.now() - began
      socket.reset()
      return { ms: took }
    }
    case 'direct': {
      const began = performance.now()
      while (performance.now() - began < 10_000) {
        if (node!.peer(order.peer)?.link === 'direct') return { direct: true }
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      return { direct: false }
    }
    case 'stop':
      await node?.close()
      return {}
  }
}

const udp = { address: '127.0.0.1', port: 0, secondary: false } as const
const linkOf = ({ impairment, relayOnly }: Extract<Order, { readonly do: 'start' }>): Link => {
  const link = udpLink(udp)
  if (impairment === undefined && relayOnly === undefined) return link
  const block = relayOnly === undefined ? {} : { block: (endpoint: Endpoint) => relayOnly.includes(endpoint.port) }
  return impairedLink(link, { ...impairment, ...block })
}

/** First byte: B = sink bulk and say when it was all there, E = echo. */
const serve = async (socket: TcpSocket): Promise<void> => {
  try {
    let mode = ''
    let received = 0
    let began = 0
    for await (const chunk of socket) {
      let data = chunk
      if (mode === '') {
        mode = String.fromCharCode(chunk[0]!)
        data = chunk.subarray(1)
        began = performance.now()
      }
      if (mode === 'E') {
        if (data.length > 0) await socket.write(data)
      } else received += data.length
    }
    if (mode === 'B') await socket.write(JSON.stringify({ received, seconds: (performance.now() - began) / 1000 }))
    await socket.end()
  } catch {
    // a benchmark client that resets its connection is no news
  }
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!

process.on('message', (message: { readonly id: number; readonly order: Order }) => {
  obey(message.order).then(
    (result) => process.send!({ id: message.id, result }),
    (error: unknown) =>
      process.send!({ id: message.id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))
