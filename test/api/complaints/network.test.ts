import { createHash } from 'node:crypto'
import { parseIdentity } from 'rxzt'
import { createPlanet, createSigningKey } from 'rxzt/controller'
import { fixtures, virtualNet } from 'rxzt/testing'
import { describe, expect, it } from 'vitest'
import { openNetwork, serveEcho, virtualPair } from '../../support/virtual-pair.ts'

/** Complaints of those whose network does not do what a network does. */
describe('the network', () => {
  it('"a ping lasts 33 ms where the line needs one": nothing is polled, so a round trip is what the line needs', async () => {
    const { net, a, b } = await virtualPair(31, { latency: 5 })
    const pings = b.ping(a.address(4)!, { interval: 100 })[Symbol.asyncIterator]()
    const rtts: unknown[] = []
    for (let i = 0; i < 40; i++) {
      const { value } = await net.until(pings.next())
      rtts.push(value !== undefined && 'rtt' in value ? value.rtt : value)
    }
    // 5 ms at each end, there and back
    expect(rtts.slice(-10)).toEqual(new Array(10).fill(20))
    await net[Symbol.asyncDispose]()
  })

  it('"a relayed peer stays relayed, and nobody sees it": the link of a peer says so, and becomes direct', async () => {
    const { net, alice, bob, a, b } = await virtualPair(32)
    const links: unknown[] = []
    bob.peers$.subscribe((peers) => {
      const link = peers.get(alice.id)?.link
      if (link !== undefined && link !== links.at(-1)) links.push(link)
    })
    await net.until(b.ping(a.address(4)!)[Symbol.asyncIterator]().next())
    await net.advance(20_000)
    expect(links).toEqual(['relay', 'direct'])
    expect(bob.peer(alice.id)!.latency).toBe(20) // a round trip
    await net[Symbol.asyncDispose]()
  })

  it('"the TCP fallback is used only when forced, and by a relay that does not answer": it is yours, and takes over by itself', async () => {
    await using net = virtualNet({ seed: 33 })
    await net.root({ addresses: ['44.1.0.1'] }) // a relay leads to public addresses only
    const controller = await net.controller({ addresses: ['44.2.0.1'] })
    const hosted = await controller.create(openNetwork)
    const blocked = net.segment({ loss: 1 })
    const node = await net.node({ on: blocked, addresses: ['44.3.0.1'], tcpRelay: net.tcpRelay() })
    const network = await net.until(node.join(hosted.id), 300_000)
    expect(network.state.status).toBe('ready')
    let link: unknown
    node.peers$.subscribe((peers) => {
      link = [...peers.values()].find(({ role }) => role === 'planet')?.tunneled
    })
    expect(link).toBe(true)
  })

  it('"how do I use roots of my own?": a planet is a value, and a node speaks to nobody but those it names', async () => {
    const identity = parseIdentity(fixtures.identities[15]!).public
    const roots = [{ identity, endpoints: [{ address: '44.9.9.9', port: 9993 }] }]
    const planet = createPlanet({ id: 7n, timestamp: 1n, roots, signingKey: createSigningKey() })
    await using net = virtualNet({ seed: 34 })
    const talked = new Set<string>()
    const node = await net.node({ planet })
    node.packets$.subscribe(({ endpoint }) => talked.add(endpoint.address))
    await net.advance(600_000)
    expect([...talked]).toEqual(['44.9.9.9'])
  })

  it('"IPv6 does not connect, and not to the eleventh host": every address of every member does', async () => {
    await using net = virtualNet({ seed: 35 })
    const controller = await net.controller()
    const hosted = await controller.create(openNetwork)
    const me = await net.until((await net.node()).join(hosted.id))
    for (let i = 0; i < 12; i++) {
      const network = await net.until((await net.node()).join(hosted.id))
      await serveEcho(network, 7)
      const addresses = network.addresses.filter(({ family }) => family === 6)
      expect(addresses).toHaveLength(2) // by RFC 4193, and 6PLANE
      for (const { address } of addresses) {
        const socket = await net.until(me.connect({ host: address, port: 7 }))
        expect(socket.remote.address).toBe(address)
        socket.reset()
      }
    }
  })

  it('"routes cannot be set at run time, and gateways are ignored": the controller changes them, and packets go by them', async () => {
    const { net, controller, hosted, a, b } = await virtualPair(36)
    await expect(net.until(a.connect({ host: '192.168.7.7', port: 7 }))).rejects.toMatchObject({ code: 'ENETUNREACH' })
    await controller.update(hosted.id, {
      routes: [{ target: '10.144.0.0/24' }, { target: '192.168.7.0/24', via: b.address(4)! }],
    })
    await net.advance(1000)
    expect(a.state.routes).toContainEqual(
      expect.objectContaining({ target: { address: '192.168.7.0', bits: 24, family: 4 }, via: b.address(4) }),
    )
    const destinations: string[] = []
    b.frames$.subscribe(({ dir, etherType, payload }) => {
      if (dir === 'in' && etherType === 0x0800) destinations.push(payload.subarray(16, 20).join('.'))
    })
    void a.connect({ host: '192.168.7.7', port: 7, timeout: 2000 }).catch(() => undefined)
    await net.advance(2000)
    expect(destinations).toContain('192.168.7.7')
    await net[Symbol.asyncDispose]()
  })

  it('"connections to ports nobody bound cannot be caught": a listener of "*" takes those that no other owns', async () => {
    const { net, a, b } = await virtualPair(37)
    const own = await net.until(a.listen({ port: 80 }))
    const rest = await net.until(a.listen({ port: '*' }))
    const ports: unknown[] = []
    own.connections$.subscribe(({ local }) => ports.push(`own ${local.port}`))
    rest.connections$.subscribe(({ local }) => ports.push(`rest ${local.port}`))
    for (const port of [80, 81, 54_321]) await net.until(b.connect({ host: a.address(4)!, port }))
    await net.advance(100)
    expect(ports).toEqual(['own 80', 'rest 81', 'rest 54321'])
    await net[Symbol.asyncDispose]()
  })

  it('"names do not resolve": hosts of the caller do without a server, and no answer is an error of Node\'s names', async () => {
    const { net, alice, hosted } = await virtualPair(38)
    const network = await net.until(
      alice.join(hosted.id, { hosts: { printer: ['10.144.0.9'] }, dns: ['10.144.0.200'] }),
    )
    expect(await net.until(network.resolve('printer'))).toEqual(['10.144.0.9'])
    await expect(net.until(network.resolve('other.example'))).rejects.toMatchObject({ code: 'EAI_AGAIN' })
    await net[Symbol.asyncDispose]()
  })

  it('"joining a group is refused, or never reaches anybody": what is sent to a group comes to those who joined it', async () => {
    const { net, a, b } = await virtualPair(39)
    for (const group of ['239.1.2.3', 'ff15::7']) {
      const inbox = await net.until(a.bind({ port: 5353, host: group.includes(':') ? '::' : '0.0.0.0' }))
      inbox.joinGroup(group)
      await net.advance(5000)
      const outbox = await net.until(b.bind({ host: group.includes(':') ? b.address(6)! : b.address(4)! }))
      await outbox.send('who is there?', { host: group, port: 5353 })
      const { value } = await net.until(inbox[Symbol.asyncIterator]().next())
      expect(new TextDecoder().decode(value!.data)).toBe('who is there?')
      expect(value!.to.address).toBe(group)
      await inbox.close()
    }
    await net[Symbol.asyncDispose]()
  })

  it('"bytes arrive twice, or not at all": what arrives over a line that loses and repeats one in ten is what was sent', async () => {
    const { net, a, b } = await virtualPair(40, { latency: 10, loss: 0.05, duplicate: 0.05 })
    await serveEcho(a, 7)
    const socket = await net.until(b.connect({ host: a.address(4)!, port: 7 }), 120_000)
    const data = new Uint8Array(1 << 18).map((_, i) => (i * i) >>> 7)
    const echoed = createHash('sha256')
    void socket.write(data).then(() => socket.end())
    await net.until(
      (async () => {
        for await (const chunk of socket) echoed.update(chunk)
      })(),
      600_000,
    )
    expect(echoed.digest('hex')).toBe(createHash('sha256').update(data).digest('hex'))
    await net[Symbol.asyncDispose]()
  })
})
