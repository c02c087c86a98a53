import { ZtError } from 'rxzt'
import type { World } from './world.ts'

/** What a caller may do with what it holds, or held: `n` picks what and which, `odd` is an argument that makes no sense. */
export type Call = (world: World, n: number, odd: unknown) => unknown

const hosts = ['10.144.0.1', '10.144.0.2', '10.144.0.99', '192.0.2.1', '255.255.255.255', 'fd00::1', 'a.name', '']
const ports = [80, 81, 9000, 0]
const targets = ['192.168.7.0/24', '10.144.0.0/16', '0.0.0.0/0', 'fd77::/64', '192.168.7.0/33']
const data = [new Uint8Array(1000), 'text', '', new Uint8Array(70_000), ['a', 'b']]

const pick = <T>(list: readonly T[], n: number): T => list[n % list.length]!
/** One of those there are; a call on nothing is no call. */
const of = <T, R>(list: readonly T[], n: number, call: (one: T) => R): R | undefined =>
  list.length === 0 ? undefined : call(pick(list, n))
/** `good`, unless the call is to make no sense. */
// biome-ignore lint/suspicious/noExplicitAny: what JavaScript lets callers pass
const or = (odd: unknown, good: unknown): any => (odd === GOOD ? good : odd)
/** Stands for "pass what fits". */
export const GOOD = Symbol('good')

const place = (n: number) => ({ host: pick(hosts, n), port: pick(ports, n >> 3) })
const wait = (world: World, n: number) => ({
  timeout: pick([0, 1, 500, 5000], n),
  signal: pick(world.aborts, n >> 2).signal,
})
const keep = async <T>(into: T[], value: Promise<T>): Promise<void> => void into.push(await value)

const onNodes: Readonly<Record<string, Call>> = {
  'node.online': (w, n, odd) => of(w.nodes, n, (node) => node.online(or(odd, wait(w, n)))),
  'node.join': (w, n, odd) =>
    of(w.nodes, n, (node) =>
      keep(
        w.networks,
        node.join(or(odd, pick(w.ids, n >> 1)), { ...wait(w, n), wait: pick(['ready', 'ok', 'none'], n) }),
      ),
    ),
  'node.join strictly': (w, n, odd) =>
    of(w.nodes, n, (node) => node.join(pick(w.ids, n), or(odd, { onDenied: 'reject', timeout: 1000 }))),
  'node.network': (w, n, odd) => of(w.nodes, n, (node) => node.network(or(odd, pick(w.ids, n)))),
  'node.peer': (w, n, odd) => of(w.nodes, n, (node) => node.peer(or(odd, node.id))),
  'node.orbit': (w, n, odd) => of(w.nodes, n, (node) => node.orbit(or(odd, '00000000000000aa'), 'aabbccddee')),
  'node.deorbit': (w, n, odd) => of(w.nodes, n, (node) => node.deorbit(or(odd, '00000000000000aa'))),
  'node.close': (w, n, odd) => of(w.nodes, n, (node) => node.close(or(odd, { graceMs: n % 1000 }))),
  'node.unref': (w, n) => of(w.nodes, n, (node) => node.unref().ref()),
}

const onNetworks: Readonly<Record<string, Call>> = {
  'network.connect': (w, n, odd) =>
    of(w.networks, n, (network) => keep(w.sockets, network.connect(or(odd, { ...place(n >> 1), ...wait(w, n) })))),
  'network.connect well': (w, n) =>
    of(w.networks, n, (network) => keep(w.sockets, network.connect({ host: w.peer, port: 7 }))),
  'network.listen': (w, n, odd) =>
    of(w.networks, n, (network) =>
      keep(w.servers, network.listen(or(odd, { port: pick(ports, n >> 1), ...wait(w, n) }))),
    ),
  'network.bind': (w, n, odd) =>
    of(w.networks, n, (network) =>
      keep(w.datagrams, network.bind(or(odd, { port: pick(ports, n >> 1), ...wait(w, n) }))),
    ),
  'network.raw': (w, n, odd) =>
    of(w.networks, n, (network) => keep(w.raws, network.raw({ protocol: or(odd, n % 256), ...wait(w, n) }))),
  'network.ping': (w, n, odd) =>
    of(w.networks, n, async (network) => {
      for await (const _ of network.ping(or(odd, pick(hosts, n >> 1)), { count: 2, interval: 10, timeout: 100 }));
    }),
  'network.resolve': (w, n, odd) =>
    of(w.networks, n, (network) => network.resolve(or(odd, pick(hosts, n >> 1)), wait(w, n))),
  'network.address': (w, n, odd) => of(w.networks, n, (network) => [network.address(or(odd, 4)), network.stats]),
  'network.addRoute': (w, n, odd) =>
    of(w.networks, n, (network) => network.addRoute(or(odd, { target: pick(targets, n >> 1), via: '10.144.0.1' }))),
  'network.removeRoute': (w, n, odd) =>
    of(w.networks, n, (network) => network.removeRoute(or(odd, pick(targets, n >> 1)))),
  'network.bridge': (w, n, odd) => of(w.networks, n, (network) => keep(w.bridges, network.bridge(or(odd, wait(w, n))))),
  'network.leave': (w, n) => of(w.networks, n, (network) => network.leave()),
}

const onSockets: Readonly<Record<string, Call>> = {
  'server.next': (w, n) =>
    of(w.servers, n, async (server) => {
      const { value, done } = await server[Symbol.asyncIterator]().next()
      if (done !== true) w.sockets.push(value)
    }),
  'server.connections$': (w, n) => of(w.servers, n, (server) => w.see(server.connections$)),
  'server.close': (w, n) => of(w.servers, n, (server) => server.close()),
  'tcp.write': (w, n, odd) => of(w.sockets, n, (socket) => socket.write(or(odd, pick(data, n >> 1)), wait(w, n))),
  'tcp.write for': (w, n, odd) => of(w.sockets, n, (socket) => socket.write('x', or(odd, {}))),
  'tcp.end': (w, n, odd) => of(w.sockets, n, (socket) => socket.end(or(odd, 'end'))),
  'tcp.close': (w, n) => of(w.sockets, n, (socket) => socket.close()),
  'tcp.reset': (w, n) => of(w.sockets, n, (socket) => socket.reset()),
  'tcp.configure': (w, n, odd) => of(w.sockets, n, (socket) => socket.configure(or(odd, { noDelay: n % 2 === 0 }))),
  'tcp.next': (w, n) => of(w.sockets, n, (socket) => socket[Symbol.asyncIterator]().next()),
  'tcp.data$': (w, n) => of(w.sockets, n, (socket) => w.see(socket.data$)),
  'tcp.readable': (w, n) =>
    of(w.sockets, n, ({ readable }) => (readable.locked ? undefined : readable.getReader().read())),
  'tcp.writable': (w, n) =>
    of(w.sockets, n, ({ writable }) => (writable.locked ? undefined : writable.getWriter().write('y'))),
  'tcp.closed': (w, n) => of(w.sockets, n, (socket) => [socket.stats, socket.closed][1]),
  'udp.send': (w, n, odd) => of(w.datagrams, n, (udp) => udp.send(or(odd, 'x'), place(n))),
  'udp.send to': (w, n, odd) => of(w.datagrams, n, (udp) => udp.send('x', or(odd, { host: w.peer, port: 9 }))),
  'udp.connect': (w, n, odd) => of(w.datagrams, n, (udp) => udp.connect(or(odd, place(n)))),
  'udp.joinGroup': (w, n, odd) =>
    of(w.datagrams, n, (udp) => udp.joinGroup(or(odd, pick(['239.1.1.1', 'ff02::9'], n)))),
  'udp.leaveGroup': (w, n, odd) => of(w.datagrams, n, (udp) => udp.leaveGroup(or(odd, '239.1.1.1'))),
  'udp.configure': (w, n, odd) =>
    of(w.datagrams, n, (udp) => udp.configure(or(odd, { broadcast: true, ttl: 1 + (n % 255) }))),
  'udp.next': (w, n) => of(w.datagrams, n, (udp) => udp[Symbol.asyncIterator]().next()),
  'udp.messages$': (w, n) => of(w.datagrams, n, (udp) => w.see(udp.messages$)),
  'udp.close': (w, n) => of(w.datagrams, n, (udp) => udp.close()),
  'raw.send': (w, n, odd) => of(w.raws, n, (raw) => raw.send(or(odd, new Uint8Array(8)), pick(hosts, n))),
  'raw.next': (w, n) => of(w.raws, n, (raw) => raw[Symbol.asyncIterator]().next()),
  'raw.close': (w, n) => of(w.raws, n, (raw) => raw.close()),
  'bridge.send': (w, n, odd) => of(w.bridges, n, (bridge) => bridge.send(or(odd, new Uint8Array(n)))),
  'bridge.incoming$': (w, n) => of(w.bridges, n, (bridge) => w.see(bridge.incoming$)),
  'bridge.close': (w, n) => of(w.bridges, n, (bridge) => bridge.close()),
}

const onController: Readonly<Record<string, Call>> = {
  'controller.create': (w, _, odd) => w.controller.create(or(odd, {})),
  'controller.authorize': (w, n, odd) => w.controller.authorize(pick(w.ids, n), or(odd, pick(w.nodes, n >> 1).id)),
  'controller.deauthorize': (w, n, odd) => w.controller.deauthorize(pick(w.ids, n), or(odd, pick(w.nodes, n >> 1).id)),
  'controller.update': (w, n, odd) => w.controller.update(pick(w.ids, n), or(odd, { name: `n${n}` })),
  'controller.updateMember': (w, n, odd) =>
    w.controller.updateMember(
      pick(w.ids, n),
      pick(w.nodes, n >> 1).id,
      or(odd, { name: 'm', activeBridge: n % 3 > 0 }),
    ),
  'controller.delete': (w, n, odd) => w.controller.delete(or(odd, pick(w.ids, n))),
  'controller.close': (w, n) => (n % 4 === 0 ? w.controller.close() : undefined),
}

const others: Readonly<Record<string, Call>> = {
  'signal.abort': (w, n) => pick(w.aborts, n).abort(w.reason),
}

export const calls: Readonly<Record<string, Call>> = {
  ...onNodes,
  ...onNetworks,
  ...onSockets,
  ...onController,
  ...others,
}

/** Whether an error is one that docs/errors.md promises. */
export const isPromised = (error: unknown, world: World): boolean =>
  error === world.reason || (error instanceof ZtError && world.documented.has(error.code))
