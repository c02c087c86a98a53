import type { ControllerNetwork, NetworkConfigInput } from '../../src/controller.node.ts'
import type { Network, TcpSocket, ZtNode } from '../../src/index.node.ts'
import {
  type Segment,
  type VirtualController,
  type VirtualNet,
  virtualNet,
  type Weather,
} from '../../src/testing.node.ts'

/** A public network with IPv4 and IPv6 addresses. */
export const openNetwork: NetworkConfigInput = {
  name: 'open',
  private: false,
  v4AssignMode: { zt: true },
  v6AssignMode: { rfc4193: true, '6plane': true },
  ipAssignmentPools: [{ ipRangeStart: '10.144.0.1', ipRangeEnd: '10.144.0.254' }],
  routes: [{ target: '10.144.0.0/24' }],
}

export interface Pair {
  readonly net: VirtualNet
  /** Alice's and Bob's. */
  readonly segments: readonly [Segment, Segment]
  readonly controller: VirtualController
  readonly hosted: ControllerNetwork
  readonly alice: ZtNode
  readonly bob: ZtNode
  readonly a: Network
  readonly b: Network
}

/** Two members of a public network, each on a segment with the given weather. */
export const virtualPair = async (seed: number, weather: Weather = { latency: 5 }): Promise<Pair> => {
  const net = virtualNet({ seed })
  await net.root()
  const controller = await net.controller()
  const hosted = await controller.create(openNetwork)
  const segments = [net.segment(weather), net.segment(weather)] as const
  const alice = await net.node({ on: segments[0] })
  const bob = await net.node({ on: segments[1] })
  const [a, b] = await net.until(Promise.all([alice.join(hosted.id), bob.join(hosted.id)]), 300_000)
  return { net, segments, controller, hosted, alice, bob, a, b }
}

/** Bytes that no shift, loss or repetition leaves equal. */
export const pattern = (length: number): Uint8Array => {
  const bytes = new Uint8Array(length)
  for (let i = 0, x = 1; i < length; i++) {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) | 0
    bytes[i] = x >>> 24
  }
  return bytes
}

/** Everything up to the end of the stream. */
export const readAll = async (socket: TcpSocket): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = []
  for await (const chunk of socket) chunks.push(chunk)
  return new Uint8Array(Buffer.concat(chunks))
}

/** Answers every connection with what it sends. */
export const serveEcho = async (network: Network, port: number): Promise<void> => {
  const server = await network.listen({ port })
  const echo = async (socket: TcpSocket): Promise<void> => {
    for await (const chunk of socket) await socket.write(chunk)
    await socket.end()
  }
  server.connections$.subscribe((socket) => void echo(socket).catch(() => undefined))
}
