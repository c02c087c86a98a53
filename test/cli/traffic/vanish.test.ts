import type { Socket } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { VirtualNode } from '../../../src/api/node.ts'
import { httpProxy } from '../../../src/cli/traffic/http/http-proxy.ts'
import { socksProxy } from '../../../src/cli/traffic/socks/server.ts'
import { forwardTcp } from '../../../src/cli/traffic/tunnel/forward-tcp.ts'
import type { Service } from '../../../src/cli/traffic/tunnel/host-listener.ts'
import { type Loopback, loopback } from '../../support/loopback.ts'
import { serveEcho } from '../../support/virtual-pair.ts'
import { deserted, dial } from './host.ts'

const here = { host: '127.0.0.1', port: 0 }
/** A thousand in all, or ten thousand. */
const TIMES = process.env['LONG_TESTS'] === '1' ? 10 : 1
const AT_ONCE = 64

/** What a client says before it is gone, how much it reads, and whether it hangs up or breaks off. */
interface Manner {
  readonly say: Uint8Array
  readonly hear: number
  readonly reset: boolean
}

describe('a thousand clients that connect and vanish', () => {
  let world: Loopback
  let far: number[]
  beforeAll(async () => {
    world = await loopback()
    await serveEcho(world.a, 7)
    far = world.a.address(4)!.split('.').map(Number)
  })
  afterAll(() => world.close())

  const visit = async (service: Service, { say, hear, reset }: Manner): Promise<void> => {
    const socket: Socket = await dial(service.at)
    socket.write(say)
    let heard = 0
    if (hear > 0)
      for await (const chunk of socket as AsyncIterable<Uint8Array>) {
        heard += chunk.length
        if (heard >= hear) break
      }
    if (reset) socket.resetAndDestroy()
    else socket.destroy()
  }

  const greeting = Buffer.from([5, 1, 0])
  const connect = () => Buffer.from([5, 1, 0, 5, 1, 0, 1, ...far, 0, 7])
  const much = Buffer.alloc(8 * 1024, 'x')
  const tunnel = () => Buffer.from(`CONNECT ${far.join('.')}:7 HTTP/1.1\r\nHost: x\r\n\r\n`)

  it.each<[string, number, () => Promise<Service>, () => readonly (readonly [Uint8Array, number])[]]>([
    [
      'of a forwarded port',
      200,
      () => forwardTcp(world.b, here, { host: far.join('.'), port: 7 }),
      () => [
        [Buffer.alloc(0), 0],
        [Buffer.from('a word'), 0],
        [Buffer.from('a word'), 6],
        [much, 2_000],
      ],
    ],
    [
      'of the SOCKS5 proxy',
      500,
      () => socksProxy(world.b, here),
      () => [
        [Buffer.alloc(0), 0],
        [greeting.subarray(0, 2), 0],
        [greeting, 2],
        [connect().subarray(0, 9), 0],
        [connect(), 0],
        [Buffer.concat([connect(), much]), 2_000],
      ],
    ],
    [
      'of the HTTP proxy',
      300,
      () => httpProxy(world.b, here),
      () => [
        [Buffer.alloc(0), 0],
        [Buffer.from('CONNECT '), 0],
        [tunnel(), 0],
        [Buffer.concat([tunnel(), much]), 2_000],
        [Buffer.from(`POST http://${far.join('.')}:7/ HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\nhalf`), 0],
      ],
    ],
  ])(
    '%s (%i of them) leave nothing behind',
    async (_, clients, open, manners) => {
      await using service = await open()
      const ways = manners()
      await visit(service, { say: ways[0]![0], hear: 0, reset: true })
      await deserted(service)
      const before = sockets()
      gc()
      const heap = process.memoryUsage().heapUsed
      const visitor = async (first: number): Promise<void> => {
        for (let i = first; i < TIMES * clients; i += AT_ONCE) {
          const [say, hear] = ways[i % ways.length]!
          await visit(service, { say, hear, reset: i % 2 === 0 })
        }
      }
      await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => visitor(i)))
      await deserted(service)
      // those of the clients, of the proxy, and of both ends in the network
      while (sockets() > before || connections(world) > 0) await new Promise(setImmediate)
      gc()
      const grown = process.memoryUsage().heapUsed - heap
      expect(grown).toBeLessThan(MOST_GROWN)
    },
    180_000,
  )
})

const sockets = (): number => process.getActiveResourcesInfo().filter((one) => one === 'TCPSocketWrap').length
/** Virtual connections that the members still know of. */
const connections = ({ alice, bob }: Loopback): number =>
  [alice, bob].reduce((sum, node) => {
    const networks = node instanceof VirtualNode ? [...node.running.networks.values()] : []
    return sum + networks.reduce((all, { sockets }) => all + sockets.connections, 0)
  }, 0)

const gc = (): void => {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
}

/** Bytes of the heap: a thousand clients that were forgotten would need more. */
const MOST_GROWN = 8 * 1024 * 1024
