import { createSocket } from 'node:dgram'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createController, createPlanet, createRoot, createSigningKey } from '../../src/controller.node.ts'
import { createNode, type Network, type NodeOptions, parseIdentity, type ZtNode } from '../../src/index.node.ts'
import { createTcpRelay, type TcpRelay, tcpRelayLink, udpLink } from '../../src/node.ts'
import { datagramRecord, greetingRecord } from '../../src/protocol/relay/framing.ts'
import { fixtures, impairedLink } from '../../src/testing.node.ts'
import { openNetwork, pattern, readAll, serveEcho } from '../support/virtual-pair.ts'

const onLoopback = ({ address }: { readonly address: string }): boolean => address === '127.0.0.1'

describe('two nodes that have no UDP', () => {
  let relay: TcpRelay
  const nodes: ZtNode[] = []
  let a: Network
  let b: Network
  beforeAll(async () => {
    relay = await createTcpRelay({ port: 0, address: '127.0.0.1', allow: onLoopback })
    const [rootIdentity, controllerIdentity, alice, bob] = fixtures.identities as [string, string, string, string]
    const port = await freePort()
    const planet = createPlanet({
      id: 0x7465_7374n,
      timestamp: BigInt(Date.now()),
      roots: [{ identity: parseIdentity(rootIdentity).public, endpoints: [{ address: '127.0.0.1', port }] }],
      signingKey: createSigningKey(),
    })
    const udp = (port = 0) => udpLink({ address: '127.0.0.1', port, secondary: false })
    const blocked = (): NodeOptions => ({ link: impairedLink(udp(), { block: () => true }) })
    nodes.push(await createRoot({ identity: rootIdentity, planet, link: udp(port) }))
    const host = await createNode({ identity: controllerIdentity, planet, link: udp() })
    nodes.push(host)
    const hosted = await createController(host).create(openNetwork)
    const tcpRelay = { mode: 'always', endpoint: relay.endpoint } as const
    nodes.push(await createNode({ ...blocked(), identity: alice, planet, tcpRelay }))
    nodes.push(await createNode({ identity: bob, planet, link: tcpRelayLink({ endpoint: relay.endpoint }) }))
    ;[a, b] = await Promise.all([nodes[2]!.join(hosted.id), nodes[3]!.join(hosted.id)])
  })
  afterAll(async () => {
    for (const node of nodes) await node.close({ graceMs: 0 })
    await relay.close()
  })

  it('talk through the relay', async () => {
    await serveEcho(a, 7)
    const socket = await b.connect({ host: a.address(4)!, port: 7 })
    const sent = pattern(100_000)
    const echoed = readAll(socket)
    await socket.write(sent)
    await socket.end()
    expect(Buffer.compare(await echoed, sent)).toBe(0)
    expect(relay.stats).toMatchObject({ connections: 2 })
    expect(relay.stats.forwarded).toBeGreaterThan(100)
  })

  it('show that they do', () => {
    const [root, , alice, bob] = nodes as [ZtNode, ZtNode, ZtNode, ZtNode]
    expect(alice.peer(root.id)).toMatchObject({ link: 'direct', tunneled: true, paths: [{ tunneled: true }] })
    expect(bob.peer(root.id)).toMatchObject({ tunneled: true })
    expect(root.peer(alice.id)).toMatchObject({ link: 'direct', tunneled: false })
    expect(alice.info.endpoints).toEqual([])
  })
})

describe('a TCP relay', () => {
  it('carries datagrams of 16 bytes or more to ports above 1024 that it serves, and back up to 2047 bytes', async () => {
    await using relay = await createTcpRelay({ port: 0, address: '127.0.0.1', allow: onLoopback })
    const { socket: udp, port } = await listening()
    const heard: number[] = []
    udp.on('message', (data, from) => {
      heard.push(data.length)
      for (const length of [15, 16, 2_047, 2_048, 20]) udp.send(new Uint8Array(length), from.port, from.address)
    })
    const client = await connected(relay)
    const to = { address: '127.0.0.1', port }
    client.write(greetingRecord(1, 14, 1))
    client.write(datagramRecord(to, new Uint8Array(15))!)
    client.write(datagramRecord({ address: '127.0.0.1', port: 1_024 }, new Uint8Array(40))!)
    client.write(datagramRecord({ address: '10.0.0.1', port: 9_993 }, new Uint8Array(40))!)
    client.write(datagramRecord({ address: '::1', port: 9_993 }, new Uint8Array(40))!)
    client.write(datagramRecord(to, new Uint8Array(16))!)
    const lengths = await until(client, 12 * 3 + 16 + 2_047 + 20)
    expect(heard).toEqual([16])
    expect(lengths).toBe(12 * 3 + 16 + 2_047 + 20)
    expect(relay.stats).toEqual({ connections: 1, forwarded: 1, returned: 3, dropped: 6 })
    client.destroy()
    udp.close()
  })

  it('dismisses whoever speaks something else', async () => {
    await using relay = await createTcpRelay({ port: 0, address: '127.0.0.1' })
    for (const words of ['GET / HTTP/1.1\r\n\r\n', Buffer.from('1703030009050102030405060708', 'hex')]) {
      const client = await connected(relay)
      const closed = new Promise((resolve) => client.once('close', resolve))
      client.write(words)
      await closed
    }
  })

  it('dismisses whoever is silent, and takes no more than it may', async () => {
    await using relay = await createTcpRelay({ port: 0, address: '127.0.0.1', idleTimeout: 30, maxConnections: 1 })
    const first = await connected(relay)
    const closed = new Promise((resolve) => first.once('close', resolve))
    const second = await connected(relay)
    await new Promise((resolve) => second.once('close', resolve))
    await closed
    expect(relay.stats.connections).toBe(1)
  })

  it('says which port it cannot have', async () => {
    await using relay = await createTcpRelay({ port: 0, address: '127.0.0.1' })
    const { port } = relay.endpoint
    await expect(createTcpRelay({ port, address: '127.0.0.1' })).rejects.toMatchObject({
      code: 'ERR_ZT_BIND',
      message: expect.stringContaining(String(port)),
    })
  })
})

it('a relay has to be named, and its port has to be one', async () => {
  const identity = fixtures.identities[0]!
  const refused = { code: 'ERR_ZT_INVALID_OPTION' }
  await expect(createNode({ identity, tcpRelay: { mode: 'always' } })).rejects.toMatchObject(refused)
  expect(() => tcpRelayLink({ endpoint: { address: '127.0.0.1', port: 0 } })).toThrow(expect.objectContaining(refused))
})

const connected = (relay: TcpRelay): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: relay.endpoint.port })
    socket.once('connect', () => resolve(socket))
    socket.on('error', reject)
  })

/** Resolves with how many bytes came once there are so many. */
const until = (socket: Socket, bytes: number): Promise<number> =>
  new Promise((resolve) => {
    let have = 0
    socket.on('data', (chunk) => {
      have += chunk.length
      if (have >= bytes) resolve(have)
    })
  })

const listening = (): Promise<{ readonly socket: ReturnType<typeof createSocket>; readonly port: number }> =>
  new Promise((resolve) => {
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1', () => resolve({ socket, port: socket.address().port }))
  })

const freePort = async (): Promise<number> => {
  const { socket, port } = await listening()
  await new Promise<void>((resolve) => socket.close(() => resolve()))
  return port
}
