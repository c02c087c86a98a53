import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as controllers from '../../src/controller.node.ts'
import * as main from '../../src/index.node.ts'
import * as node from '../../src/node.ts'
import { type Pair, virtualPair } from '../support/virtual-pair.ts'

/** Things that the compiler would mostly refuse. */
const things: readonly unknown[] = [
  ...[undefined, null, 7, Number.NaN, '', 'x', true, 5n, Symbol('s')],
  ...[{}, [], { signal: 1 }, { timeout: 'x' }, { nope: 1 }, () => 1, new Uint8Array(1)],
]
/** Called without the types that guard it. */
type Loose = Readonly<Record<string, (...args: readonly unknown[]) => unknown>>
const loose = (object: object): Loose => object as Loose

const show = (thing: unknown): string => (typeof thing === 'object' ? JSON.stringify(thing) : String(thing))

/**
 * What comes of a call, if it is not what is promised: an error of ours by the way the function has for errors, or an
 * answer. `until` waits where time is virtual.
 */
const wrongWith = async (
  name: string,
  thing: unknown,
  call: () => unknown,
  until: <T>(promise: Promise<T>) => Promise<T>,
): Promise<readonly string[]> => {
  const what = `${name}(${show(thing)})`
  let answer: unknown
  try {
    answer = call()
  } catch (error) {
    if (ASYNC.test(name)) return [`${what} threw instead of rejecting: ${error}`]
    return error instanceof main.ZtError ? [] : [`${what} threw ${error}`]
  }
  if (!(answer instanceof Promise)) return []
  return until(answer).then(
    () => [],
    (error: unknown) => (error instanceof main.ZtError ? [] : [`${what} rejected with ${error}`]),
  )
}
/** What means the defaults, with which some things would really be started. */
const isEmpty = (x: unknown): boolean =>
  x === undefined || (typeof x === 'object' && x !== null && !ArrayBuffer.isView(x) && Object.keys(x).length === 0)

/** Functions that promise. */
const ASYNC =
  /^node\.(join|orbit|deorbit|online|close)|^network\.(connect|listen|bind|raw|resolve|bridge|ping)|^tcp\.(write|end)|\.send|^store|^controller\.(create|delete|authorize|deauthorize|update)|^net\.(node|root|controller|advance)|^(createNode|createRoot|createTcpRelay|serveLocalApi|workerNode|generateIdentity|validateIdentity|consume)$/

describe('whatever a function is called with, it answers or says what is wrong in an error of ours', () => {
  let world: Pair
  let network: main.Network
  let udp: main.UdpSocket
  let raw: main.RawSocket
  beforeAll(async () => {
    world = await virtualPair(95)
    const { net, a } = world
    network = a
    udp = await net.until(a.bind())
    raw = await net.until(a.raw({ protocol: 99 }))
    await net.until(world.b.listen({ port: 9 }))
  })
  afterAll(() => world.net[Symbol.asyncDispose]())
  const later = <T>(promise: Promise<T>): Promise<T> => world.net.until(promise)
  const connected = () => later(network.connect({ host: world.b.address(4)!, port: 9 }))
  /** Each call with each thing. */
  const all = async (calls: Readonly<Record<string, (thing: unknown) => unknown>>): Promise<readonly string[]> => {
    const found: string[] = []
    for (const [name, call] of Object.entries(calls))
      for (const thing of things) found.push(...(await wrongWith(name, thing, () => call(thing), later)))
    return found
  }
  const of = (name: string, object: () => object, ...methods: readonly string[]) =>
    Object.fromEntries(methods.map((one) => [`${name}.${one}`, (x: unknown) => loose(object())[one]?.(x, x)]))

  it('a node', async () => {
    const { alice, hosted } = world
    const calls = {
      ...of('node', () => alice, 'join', 'orbit', 'deorbit', 'online', 'network', 'peer'),
      'node.join of a network': (x: unknown) => loose(alice)['join']?.(hosted.id, x),
    }
    expect(await all(calls)).toEqual([])
  })

  it('a network', async () => {
    const methods = ['connect', 'listen', 'bind', 'raw', 'resolve', 'bridge', 'addRoute', 'removeRoute', 'address']
    const there = { host: '10.144.0.9', port: 9, timeout: 50 }
    const calls = {
      ...of('network', () => network, ...methods),
      'network.resolve of a name': (x: unknown) => loose(network)['resolve']?.('localhost', x),
      'network.connect to a host': (host: unknown) => loose(network)['connect']?.({ ...there, host }),
      'network.connect to a port': (port: unknown) => loose(network)['connect']?.({ ...there, port }),
      'network.ping of a host': (x: unknown) =>
        network
          .ping(x as string, { count: 1, timeout: 9 })
          [Symbol.asyncIterator]()
          .next(),
      'network.ping so': (x: unknown) =>
        network
          .ping(network.address(4)!, x as object)
          [Symbol.asyncIterator]()
          .next(),
    }
    expect(await all(calls)).toEqual([])
  })

  it('sockets', async () => {
    const { a } = world
    const to = { host: a.address(4)!, port: 5 }
    const tcp = await connected()
    const calls = {
      'tcp.write': (x: unknown) => loose(tcp)['write']?.(x),
      'tcp.write of a list': (x: unknown) => loose(tcp)['write']?.([x]),
      'tcp.write so': (x: unknown) => loose(tcp)['write']?.('x', x),
      'tcp.configure': (x: unknown) => loose(tcp)['configure']?.(x),
      ...of('udp', () => udp, 'connect', 'joinGroup', 'leaveGroup', 'configure'),
      'udp.send': (x: unknown) => loose(udp)['send']?.(x, to),
      'udp.send to': (x: unknown) => loose(udp)['send']?.('x', x),
      'raw.send': (x: unknown) => loose(raw)['send']?.(x, to.host),
      'raw.send to': (x: unknown) => loose(raw)['send']?.(new Uint8Array(4), x),
      'raw.configure': (x: unknown) => loose(raw)['configure']?.(x),
    }
    expect(await all(calls)).toEqual([])
    tcp.reset()
    const found: string[] = []
    for (const thing of things) {
      const socket = await connected()
      found.push(...(await wrongWith('tcp.end', thing, () => loose(socket)['end']?.(thing), later)))
      socket.reset()
    }
    expect(found).toEqual([])
  })

  it('a controller', async () => {
    const { controller, hosted, alice } = world
    const of3 = (method: string) => (x: unknown) => loose(controller)[method]?.(x, x, x)
    const known = (method: string) => (x: unknown) => loose(controller)[method]?.(hosted.id, x, x)
    const calls = {
      ...of('controller', () => controller, 'create', 'delete', 'network'),
      ...Object.fromEntries(['authorize', 'deauthorize', 'update'].map((one) => [`controller.${one}`, of3(one)])),
      ...Object.fromEntries(
        ['authorize', 'deauthorize', 'update'].map((one) => [`controller.${one} there`, known(one)]),
      ),
      'controller.authorize so': (x: unknown) => loose(controller)['authorize']?.(hosted.id, alice.id, x),
    }
    expect(await all(calls)).toEqual([])
  })

  it('stores', async () => {
    const store = main.memoryStore()
    const calls = {
      ...of('store', () => store, 'get', 'set', 'delete'),
      'store.set of a value': (x: unknown) => loose(store)['set']?.({ kind: 'planet' }, x),
    }
    expect(await all(calls)).toEqual([])
  })

  it('a simulated network', async () => {
    const { net } = world
    const calls = Object.fromEntries(
      ['segment', 'nat', 'node', 'root', 'controller', 'partition', 'tcpRelay', 'move'].map((one) => [
        `net.${one}`,
        (x: unknown) => (isEmpty(x) ? undefined : loose(net)[one]?.(x, x)),
      ]),
    )
    expect(await all(calls)).toEqual([])
  })

  it('functions', async () => {
    const calls = {
      ...of(
        '',
        () => main,
        'asNodeId',
        'asNetworkId',
        'asWorldId',
        'parseIp',
        'isIdentity',
        'parseIdentity',
        'isNodeId',
      ),
      ...of('', () => main, 'adhocNetworkId', 'memoryStore', 'sixPlane', 'rfc4193', 'statsDelta$'),
      ...of('', () => controllers, 'createPlanet', 'createMoon', 'createController'),
      ...of('', () => node, 'udpLink', 'tcpRelayLink', 'directoryStore', 'toDuplex', 'toLookup'),
      validateIdentity: (x: unknown) => loose(main)['validateIdentity']?.(x),
      consume: (x: unknown) => loose(main)['consume']?.(x, x),
      createRoot: (x: unknown) => loose(controllers)['createRoot']?.(x),
      ...Object.fromEntries(
        ['generateIdentity', 'createNode'].map((one) => [
          one,
          (x: unknown) => (isEmpty(x) ? 0 : loose(main)[one]?.(x)),
        ]),
      ),
      ...Object.fromEntries(
        ['createTcpRelay', 'serveLocalApi', 'workerNode'].map((one) => [
          one,
          (x: unknown) => (isEmpty(x) ? 0 : loose(node)[one]?.(x)),
        ]),
      ),
    }
    expect(await all(calls)).toEqual([])
  })

  it('the end of a node, which then ends in good order', async () => {
    const { alice } = world
    const wrong = [
      ...things.filter((x) => typeof x !== 'function' && !isEmpty(x)),
      { graceMs: -1 },
      { graceMs: Number.NaN },
    ]
    const found: string[] = []
    for (const thing of wrong.filter((x) => !ArrayBuffer.isView(x)))
      found.push(...(await wrongWith('node.close', thing, () => loose(alice)['close']?.(thing), later)))
    expect(found).toEqual([])
    expect(network.state.status).toBe('ready')
    await later(alice.close())
    expect(network.state.status).toBe('down')
  })
})
