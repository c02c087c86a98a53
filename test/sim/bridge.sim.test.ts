import { describe, expect, it } from 'vitest'
import type { BridgePort, Network, UdpSocket, ZtNode } from '../../src/index.node.ts'
import { type VirtualController, type VirtualNet, virtualNet } from '../../src/testing.node.ts'
import { Lan } from '../support/lan.ts'
import { openNetwork, pattern, readAll, serveEcho } from '../support/virtual-pair.ts'

const HOST = '10.144.0.200'
const GROUPS = ['239.1.2.3', 'ff02::fb'] as const

interface Scene extends AsyncDisposable {
  readonly net: VirtualNet
  readonly controller: VirtualController
  readonly id: string
  readonly bridgeNode: ZtNode
  readonly alice: Network
  readonly bridge: Network
  readonly carol: Network
  readonly port: BridgePort
  readonly lan: Lan
  readonly host: Network
}

/** Three members, one of which is the bridge to a cable with a host. */
const scene = async (seed: number): Promise<Scene> => {
  const net = virtualNet({ seed })
  await net.root()
  const controller = await net.controller()
  const { id } = await controller.create(openNetwork)
  const nodes = [await net.node(), await net.node(), await net.node()]
  await controller.updateMember(id, nodes[1]!.id, { activeBridge: true })
  const [alice, bridge, carol] = await net.until(Promise.all(nodes.map((node) => node.join(id))))
  const port = await net.until(bridge!.bridge())
  const lan = new Lan(net.scheduler)
  lan.bridge(port)
  const host = lan.host(HOST)
  return {
    ...{
      net,
      controller,
      id,
      bridgeNode: nodes[1]!,
      alice: alice!,
      bridge: bridge!,
      carol: carol!,
      port,
      lan,
      host,
    },
    [Symbol.asyncDispose]: () => net[Symbol.asyncDispose](),
  }
}

/** A fourth member is the bridge to another cable with a host. */
const secondBridge = async (s: Scene): Promise<{ readonly far: Lan; readonly farHost: Network }> => {
  const node = await s.net.node()
  await s.controller.updateMember(s.id, node.id, { activeBridge: true })
  const other = await s.net.until(node.join(s.id))
  // the others hear of a new bridge when they next ask for their configuration
  await s.net.advance(65_000)
  const far = new Lan(s.net.scheduler, 1)
  far.bridge(await s.net.until(other.bridge()))
  return { far, farHost: far.host('10.144.0.210') }
}

const pings = async (net: VirtualNet, from: Network, to: string, count = 3): Promise<number> => {
  let answered = 0
  const pinging = (async () => {
    for await (const reply of from.ping(to, { count, interval: 100, timeout: 2_000 })) if ('rtt' in reply) answered++
  })()
  await net.until(pinging)
  return answered
}

const listener = async (net: VirtualNet, at: Network, groups: readonly string[] = []) => {
  const socket = await net.until(at.bind({ port: 5000 }))
  for (const group of groups) socket.joinGroup(group as never)
  const heard: string[] = []
  socket.messages$.subscribe(({ data }) => heard.push(new TextDecoder().decode(data)))
  return { socket, heard }
}
const say = (socket: UdpSocket, text: string, to: string) => socket.send(text, { host: to, port: 5000 })

describe('a bridge', () => {
  it.each([1, 2, 3])('leads members to a host behind it, and back (seed %i)', async (seed) => {
    await using s = await scene(seed)
    for (const member of [s.alice, s.bridge, s.carol]) expect(await pings(s.net, member, HOST)).toBe(3)
    for (const member of [s.alice, s.bridge, s.carol]) expect(await pings(s.net, s.host, member.address(4)!)).toBe(3)
  })

  it('carries a connection both ways without loss', async () => {
    await using s = await scene(4)
    const sent = pattern(200_000)
    for (const [from, to, ip] of [
      [s.alice, s.host, HOST],
      [s.host, s.alice, s.alice.address(4)!],
    ] as const) {
      await serveEcho(to, 7)
      const socket = await s.net.until(from.connect({ host: ip, port: 7 }))
      const reading = readAll(socket)
      await s.net.until(socket.write(sent).then(() => socket.end()))
      expect((await s.net.until(reading)).every((byte, i) => byte === sent[i])).toBe(true)
    }
  })

  it('carries broadcast and multicast to everybody once, in both directions', async () => {
    await using s = await scene(5)
    const all = await Promise.all([s.alice, s.bridge, s.carol, s.host].map((one) => listener(s.net, one, GROUPS)))
    for (const { socket } of all) socket.configure({ broadcast: true, multicastLoop: false })
    await s.net.advance(10_000)
    const targets = ['10.144.0.255', ...GROUPS]
    for (const [i, { socket }] of all.entries())
      for (const to of targets) await s.net.until(say(socket, `${i} to ${to}`, to))
    await s.net.advance(6_000)
    for (const [i, { heard }] of all.entries()) {
      // a host hears its own broadcast, and its own multicast only where it wants to
      const expected = all.flatMap((_, from) =>
        targets.filter((to) => from !== i || to === targets[0]).map((to) => `${from} to ${to}`),
      )
      expect(heard.toSorted()).toEqual(expected.toSorted())
    }
  })

  it('learns who is behind it: what two hosts there say to each other stays there', async () => {
    await using s = await scene(6)
    const { far } = await secondBridge(s)
    const second = s.lan.host('10.144.0.201')
    expect(await pings(s.net, second, HOST)).toBe(3)
    const before = far.frames
    expect(await pings(s.net, second, HOST, 20)).toBe(20)
    // what goes to a MAC that nobody has seen goes to every bridge
    expect(far.frames - before).toBeLessThan(5)
  })

  it('drops what has gone round in a circle: a frame from the MAC of a member', async () => {
    await using s = await scene(7)
    // a loop in the cabling: everything comes back to the bridge
    const mirror = s.lan.plug((frame) => mirror(frame))
    const { socket } = await listener(s.net, s.alice)
    socket.configure({ broadcast: true })
    const carol = await listener(s.net, s.carol)
    for (let i = 0; i < 3; i++) {
      await s.net.until(say(socket, `${i}`, '10.144.0.255'))
      await s.net.advance(1_000)
    }
    expect(carol.heard).toEqual(['0', '1', '2'])
    expect(s.bridgeNode.stats.drops['vl2/bad-source']).toBeGreaterThanOrEqual(3)
  })

  it('between two of them, leads a host behind one to a host behind the other', async () => {
    await using s = await scene(8)
    const { far, farHost } = await secondBridge(s)
    expect(await pings(s.net, s.host, farHost.address(4)!)).toBe(3)
    expect(await pings(s.net, farHost, HOST)).toBe(3)
    const before = s.lan.frames + far.frames
    await s.net.advance(5_000)
    // nothing circles between the two cables
    expect(s.lan.frames + far.frames - before).toBeLessThan(10)
  })

  it('is refused to a node that the controller did not make one, and to a second caller', async () => {
    await using s = await scene(9)
    await expect(s.alice.bridge()).rejects.toMatchObject({ name: 'NetworkError', code: 'ERR_ZT_NOT_A_BRIDGE' })
    await expect(s.bridge.bridge()).rejects.toMatchObject({ code: 'EADDRINUSE', syscall: 'bridge' })
    await s.port.close()
    expect(() => s.port.send(new Uint8Array(60))).toThrow('ERR_ZT_SOCKET_CLOSED')
    const again = await s.net.until(s.bridge.bridge())
    await again.close()
  })

  it('falls silent when the controller takes that back, and speaks again when it is given back', async () => {
    await using s = await scene(10)
    expect(await pings(s.net, s.alice, HOST)).toBe(3)
    await s.controller.updateMember(s.id, s.bridgeNode.id, { activeBridge: false })
    await s.net.advance(1_000)
    expect(s.bridge.state.bridge).toBe(false)
    expect(await pings(s.net, s.host, s.alice.address(4)!)).toBe(0)
    await s.controller.updateMember(s.id, s.bridgeNode.id, { activeBridge: true })
    await s.net.advance(1_000)
    expect(await pings(s.net, s.host, s.alice.address(4)!)).toBe(3)
  })

  it('ends with its network', async () => {
    await using s = await scene(11)
    let completed = false
    s.port.incoming$.subscribe({ complete: () => (completed = true) })
    await s.bridge.leave()
    expect(completed).toBe(true)
    expect(() => s.port.send(new Uint8Array(60))).toThrow('left')
    await s.port.close()
  })
})
