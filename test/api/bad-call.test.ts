import { consume, type Network, type TcpSocket, type UdpSocket, type ZtNode } from 'rxzt'
import { createController } from 'rxzt/controller'
import { createConnection, serveHttp, toDuplex, ZtAgent } from 'rxzt/node'
import { type VirtualController, type VirtualNet, virtualNet } from 'rxzt/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ADDRESS, expectError, ID, OPTION, table, wrong } from '../support/bad-input.ts'
import { openNetwork } from '../support/virtual-pair.ts'

describe('on a network', () => {
  let net: VirtualNet
  let controller: VirtualController
  let node: ZtNode
  let network: Network
  let udp: UdpSocket
  let tcp: TcpSocket
  let closedNode: ZtNode
  let left: Network
  const settled = (call: () => unknown): Promise<unknown> => net.until(Promise.resolve(call()))
  const SOCKET = 'SocketError'

  beforeAll(async () => {
    net = virtualNet({ seed: 77 })
    controller = await net.controller()
    const [hosted, other] = [await controller.create(openNetwork), await controller.create(openNetwork)]
    node = await net.node()
    const peer = await net.node()
    const far = await net.until(peer.join(hosted.id))
    network = await net.until(node.join(hosted.id))
    left = await net.until(node.join(other.id))
    await left.leave()
    await net.until(network.listen({ port: 81 }))
    udp = await net.until(network.bind({ port: 81 }))
    await net.until(far.listen({ port: 90 }))
    tcp = await net.until(network.connect({ host: far.address(4)!, port: 90 }))
    closedNode = await net.node()
    await closedNode.close()
  })
  afterAll(() => net[Symbol.asyncDispose]())

  const connect = (options: unknown) => network.connect(wrong(options))
  const to = { host: '10.144.0.2', port: 80 }
  describe('joining', () => {
    table(
      [
        ['a number', () => node.join(wrong(7)), ...ID, /^network id 7 is a number/],
        [
          'for less than no time',
          () => node.join('8056c2e21c000001', { timeout: -1 }),
          ...OPTION,
          /^timeout -1 .* 0 for no/,
        ],
        [
          'for NaN',
          () => node.join('8056c2e21c000001', { timeout: Number.NaN }),
          ...OPTION,
          /^timeout NaN .* — use ms/,
        ],
        [
          'until something',
          () => node.join('8056c2e21c000001', wrong({ wait: 'up' })),
          ...OPTION,
          /^wait "up" .*"ready" or "ok"/,
        ],
        [
          'as something',
          () => node.join('8056c2e21c000001', wrong({ allow: { all: true } })),
          ...OPTION,
          /^allow {"all":true}/,
        ],
        [
          'with a typo',
          () => node.join('8056c2e21c000001', wrong({ timout: 1 })),
          ...OPTION,
          /^timout 1 .* known are signal,/,
        ],
        [
          'after the close',
          () => closedNode.join('8056c2e21c000001'),
          'NodeError',
          'ERR_ZT_CLOSED',
          /is closed — create a new/,
        ],
        [
          'being online by a signal',
          () => node.online(wrong({ signal: 7 })),
          ...OPTION,
          /^signal 7 .* AbortController/,
        ],
        ['a moon of nobody', () => node.orbit('aaaaaaaaaaaaaaaa', 'x'), ...ID, /^node id "x" is not 10 hex/],
        [
          'what is not there',
          () => node.join(`${controller.node.id}999999`),
          'NetworkError',
          'ERR_ZT_NOT_FOUND',
          /999999 does not exist on its controller — check the id/,
        ],
      ],
      settled,
    )
    it('does not begin what is refused', () => expect(node.network('8056c2e21c000001')).toBeUndefined())
  })

  describe('connecting', () => {
    table(
      [
        ['to nothing', () => connect(undefined), ...OPTION, /connect\(\) undefined is not valid — pass an object/],
        ['to port 0', () => connect({ ...to, port: 0 }), ...OPTION, /^port 0 is no port — use 1 to 65535/],
        ['to port 70000', () => connect({ ...to, port: 70_000 }), ...OPTION, /^port 70000 is no port — use 1 to 65535/],
        ['to ""', () => connect({ ...to, host: '' }), SOCKET, 'ENOTFOUND', /use an IP address/],
        [
          'to a name',
          () => connect({ ...to, host: 'nonsense' }),
          SOCKET,
          'ENOTFOUND',
          /ENOTFOUND nonsense — .* use an IP address/,
        ],
        ['to a zone', () => connect({ ...to, host: 'fe80::1%eth0' }), SOCKET, 'ENOTFOUND', /ENOTFOUND fe80::1%eth0/],
        [
          'to the Internet',
          () => connect({ ...to, host: '192.0.2.1' }),
          SOCKET,
          'ENETUNREACH',
          /ENETUNREACH 192.0.2.1:80/,
        ],
        [
          'from an address of another',
          () => connect({ ...to, localAddress: '10.9.9.9' }),
          SOCKET,
          'EADDRNOTAVAIL',
          /connect/,
        ],
        ['from no address', () => connect({ ...to, localAddress: 'x' }), ...ADDRESS, /^localAddress "x" is no IP/],
        ['with 0 hops', () => connect({ ...to, ttl: 0 }), ...OPTION, /^ttl 0 is not valid — use 1 to 255/],
        [
          'with a tiny buffer',
          () => connect({ ...to, sendBuffer: 1 }),
          ...OPTION,
          /^sendBuffer 1 is not valid — use 4096 to/,
        ],
        [
          'with no keep-alive',
          () => connect({ ...to, keepAlive: null }),
          ...OPTION,
          /^keepAlive null .* — use true, false or/,
        ],
        [
          'with bad keep-alive',
          () => connect({ ...to, keepAlive: { idle: -1 } }),
          ...OPTION,
          /^keepAlive.idle -1 is not valid/,
        ],
        ['for NaN', () => connect({ ...to, timeout: Number.NaN }), ...OPTION, /^timeout NaN is not valid — use ms/],
        ['with a typo', () => connect({ ...to, nodelay: true }), ...OPTION, /^nodelay true .* known are /],
        [
          'to a network that was left',
          () => left.connect(to),
          'NetworkError',
          'ERR_ZT_LEFT',
          /was left — join it again/,
        ],
        [
          'a stream to nothing',
          () => createConnection(wrong(7), to),
          ...OPTION,
          /^network 7 is not valid — pass what join/,
        ],
        ['an agent to nothing', () => new ZtAgent(wrong(7)), ...OPTION, /^network 7 is not valid — pass what join/],
        [
          'a ping to a name',
          () => network.ping('x')[Symbol.asyncIterator]().next(),
          SOCKET,
          'ENOTFOUND',
          /use an IP address/,
        ],
        [
          'no pings',
          () => network.ping(to.host, { count: 0 })[Symbol.asyncIterator]().next(),
          ...OPTION,
          /^count 0 .* — use 1 to/,
        ],
        [
          'a ping of no family',
          () => network.resolve(to.host, wrong({ family: 5 })),
          ...OPTION,
          /^family 5 .* — use 4 or 6/,
        ],
      ],
      settled,
    )
    it('rejects with the reason of a signal', async () => {
      const reason = new Error('enough')
      const signal = AbortSignal.abort(reason)
      await expect(net.until(connect({ ...to, signal }))).rejects.toBe(reason)
      await expect(net.until(network.listen({ signal }))).rejects.toBe(reason)
    })
  })

  describe('listening and binding', () => {
    table(
      [
        ['a port in use', () => network.listen({ port: 81 }), SOCKET, 'EADDRINUSE', /listen EADDRINUSE \[::\]:81/],
        ['a UDP port in use', () => network.bind({ port: 81 }), SOCKET, 'EADDRINUSE', /bind EADDRINUSE \[::\]:81/],
        [
          'an address of another',
          () => network.listen({ host: '10.144.0.200' }),
          SOCKET,
          'EADDRNOTAVAIL',
          /10.144.0.200/,
        ],
        ['at a name', () => network.listen({ host: 'x' }), ...ADDRESS, /^host "x" is no IP address — write/],
        ['port -1', () => network.bind({ port: -1 }), ...OPTION, /^port -1 is no port — use 0 to 65535/],
        ['no queue', () => network.bind({ maxQueue: 0 }), ...OPTION, /^maxQueue 0 is not valid — use 1 to 1048576/],
        ['nobody', () => network.listen(wrong({ accept: 7 })), ...OPTION, /^accept 7 is not valid — pass a function/],
        ['nothing', () => network.bind(wrong(null)), ...OPTION, /bind\(\) null is not valid — pass an object of/],
        [
          'for a server that is none',
          () => serveHttp(wrong({}), wrong({})),
          ...OPTION,
          /^tcpServer {} is not valid — pass what listen/,
        ],
      ],
      settled,
    )
  })

  describe('datagrams', () => {
    table(
      [
        ['too large', () => udp.send(new Uint8Array(70_000), to), SOCKET, 'EMSGSIZE', /^send EMSGSIZE/],
        ['to nobody', () => udp.send('x'), SOCKET, 'EDESTADDRREQ', /name a host and port/],
        [
          'to null',
          () => udp.send('x', wrong(null)),
          ...OPTION,
          /^destination null is not valid — pass { host, port }/,
        ],
        ['to a name', () => udp.send('x', { ...to, host: 'x' }), ...ADDRESS, /^host "x" is no IP address/],
        ['to port 0', () => udp.send('x', { ...to, port: 0 }), ...OPTION, /^port 0 is no port — use 1 to 65535/],
        [
          'to everybody, unasked',
          () => udp.send('x', { ...to, host: '10.144.0.255' }),
          SOCKET,
          'EACCES',
          /^send EACCES/,
        ],
        ['of a number', () => udp.send(wrong(7), to), ...OPTION, /^data of type number cannot be sent — pass/],
        ['to a group that is none', () => udp.joinGroup('10.144.0.2'), SOCKET, 'EINVAL', /^joinGroup EINVAL/],
        ['to a group that was not joined', () => udp.leaveGroup('239.1.1.1'), SOCKET, 'EADDRNOTAVAIL', /^leaveGroup/],
        ['with 0 hops', () => udp.configure({ ttl: 0 }), ...OPTION, /^ttl 0 is not valid — use 1 to 255/],
        ['with nothing', () => udp.configure(wrong(null)), ...OPTION, /configure\(\) null is not valid — pass/],
      ],
      settled,
    )
  })

  describe('a connection', () => {
    table(
      [
        ['takes no number', () => tcp.write(wrong(7)), ...OPTION, /^data of type number cannot be sent — pass/],
        [
          'does not wait for NaN',
          () => tcp.write('x', { timeout: Number.NaN }),
          ...OPTION,
          /^timeout NaN is not valid/,
        ],
        [
          'has no such setting',
          () => tcp.configure(wrong({ nodelay: 1 })),
          ...OPTION,
          /^nodelay 1 .* known are noDelay,/,
        ],
        ['is no other object', () => toDuplex(wrong(7)), ...OPTION, /^socket is no connection of this library — pass/],
        [
          'cannot be consumed by nothing',
          () => consume(tcp, wrong(7)),
          ...OPTION,
          /^work 7 is not valid — pass a function/,
        ],
      ],
      settled,
    )
    it('has one reader', async () => {
      tcp[Symbol.asyncIterator]()
      for (const read of [() => tcp[Symbol.asyncIterator](), () => tcp.readable, () => toDuplex(tcp)])
        await expectError(read, SOCKET, 'ERR_ZT_LOCKED', /already read through iterator; use one way only/)
    })
    it('takes nothing after its end', async () => {
      await net.until(tcp.end())
      await expectError(() => tcp.write('x'), SOCKET, 'EPIPE', /the write side was ended; open a new connection/)
      tcp.reset()
      await expectError(() => tcp.write('x'), SOCKET, 'ERR_ZT_SOCKET_CLOSED', /the connection was reset here/)
    })
  })

  describe('a hosted network', () => {
    const rows: readonly (readonly [field: string, value: unknown, message: RegExp])[] = [
      ['name', 7, /^name 7 is not valid — pass text/],
      ['mtu', 5, /^mtu cannot be "5" — an MTU is between 1280 and 10000/],
      ['private', 'no', /^private "no" is not valid — use true or false/],
      ['routes', ['10.0.0.0/8'], /^routes \["10.0.0.0\/8"\] is not valid — pass \[{ target/],
      ['routes', [{ target: '10.0.0.0/33' }], /^routes\[0\].target cannot be "10.0.0.0\/33" — it is a prefix/],
      [
        'routes',
        [{ target: '10.0.0.0/8', via: 'fd00::1' }],
        /^routes\[0\].via cannot be "fd00::1" — it must be of the family/,
      ],
      ['ipAssignmentPools', [{}], /^ipAssignmentPools \[{}\] is not valid — pass \[{ ipRangeStart/],
      [
        'ipAssignmentPools',
        [{ ipRangeStart: '10.0.0.9', ipRangeEnd: '10.0.0.1' }],
        /ipRangeEnd cannot be "10.0.0.1" — it must/,
      ],
      ['v4AssignMode', true, /^v4AssignMode true is not valid — pass { zt: true }/],
      ['v6AssignMode', { sixplane: true }, /^v6AssignMode {"sixplane":true} is not valid — pass/],
      ['rules', [{ type: 'ACTION_MAYBE' }], /^rules\[0\].type cannot be "ACTION_MAYBE"/],
      ['rules', 'drop nonsense;', /^rules cannot be compiled: line 1, column 5: "nonsense" is no match — correct/],
      ['rules', 7, /^rules 7 is not valid — pass rules/],
      ['capabilities', [{ id: 1 }], /^capabilities \[{"id":1}\] is not valid — pass/],
      ['tags', [{ id: 'x' }], /^tags \[{"id":"x"}\] is not valid — pass/],
      ['dns', { domain: 'x', servers: ['x'] }, /^dns.servers\[0\] cannot be "x" — it is an IP address/],
      ['id', 'x', /^id "x" is not valid — there is no such option/],
    ]
    it.each(rows)('%s: %o', async (field, value, message) => {
      const before = [...(await net.until(networksOf(controller))).keys()]
      await expectError(() => settled(() => controller.create({ [field]: value })), ...OPTION, message)
      expect([...(await net.until(networksOf(controller))).keys()]).toEqual(before)
    })

    const here = (): string => network.id
    table(
      [
        [
          'of another controller',
          () => controller.authorize('8056c2e21c000001', node.id),
          'NodeError',
          'ERR_ZT_CONTROLLER',
          /8056c2e21c000001 does not exist on this controller — create it first/,
        ],
        ['without a member', () => controller.authorize(here(), 'x'), ...ID, /^node id "x" is not 10 hex/],
        [
          'and a stranger',
          () => controller.deauthorize(here(), '1234512345'),
          'NodeError',
          'ERR_ZT_CONTROLLER',
          /has no member 1234512345 — it has to ask/,
        ],
        [
          'with a foreign IP',
          () => controller.authorize(here(), node.id, { ips: ['192.0.2.1'] }),
          ...OPTION,
          /"192.0.2.1" — no route/,
        ],
        [
          'with IPs that are none',
          () => controller.authorize(here(), node.id, wrong({ ips: 7 })),
          ...OPTION,
          /^ips 7 .* — pass a list/,
        ],
        [
          'without a change',
          () => controller.update(here(), wrong(undefined)),
          ...OPTION,
          /update\(\) undefined is not valid/,
        ],
        [
          'in no store',
          () => createController(node, wrong({ store: 7 })),
          ...OPTION,
          /^store 7 .* get, set, delete and list/,
        ],
        [
          'on a closed node',
          () => createController(closedNode),
          'NodeError',
          'ERR_ZT_CLOSED',
          /is closed — create a new one/,
        ],
      ],
      settled,
    )
  })

  describe('the simulation', () => {
    table([
      [
        'of impossible weather',
        () => net.segment({ loss: 2 }),
        ...OPTION,
        /^loss 2 is not valid — use a chance from 0 to 1/,
      ],
      ['of unknown weather', () => net.segment(wrong({ fog: 1 })), ...OPTION, /^fog 1 .* known are latency,/],
      [
        'of an unknown router',
        () => net.nat(wrong('cheap')),
        ...OPTION,
        /^kind "cheap" is not valid — use "full-cone" or/,
      ],
      ['of nowhere', () => net.node(wrong({ on: {} })), ...OPTION, /^segment {} is not valid — pass what segment\(\)/],
      [
        'between nothing',
        () => net.partition(wrong(undefined), net.internet),
        ...OPTION,
        /^segment undefined is not valid/,
      ],
      ['back in time', () => net.advance(-1), ...OPTION, /^ms -1 is not valid — use a time of 0 or more/],
      ['for NaN', () => net.advance(Number.NaN), ...OPTION, /^ms NaN is not valid/],
    ])
    it('says what happened when a promise does not settle', () =>
      expect(net.until(new Promise(() => undefined), 10)).rejects.toThrow(/^the promise did not settle: nothing/))
  })
})

const networksOf = (controller: VirtualController): Promise<ReadonlyMap<unknown, unknown>> =>
  new Promise((resolve) => controller.networks$.subscribe(resolve).unsubscribe())
