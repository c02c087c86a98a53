import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { generateIdentity, type Identity } from 'rxzt'
import { createPlanet, createSigningKey } from 'rxzt/controller'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually, type NativeNode, type OurNode, pause, Segment } from './namespaces.ts'

const program = process.env['RXZT_NATIVE'] ?? ''
const able = process.getuid?.() === 0 && existsSync(join(program, 'zerotier-one'))
if (!able)
  console.log(
    'native interop skipped: run as root with RXZT_NATIVE naming a folder that holds the program zerotier-one (see docs/interop.md)',
  )

const planetOf = (root: Identity, address: string): Uint8Array =>
  createPlanet({
    id: 7_000_000_001n,
    timestamp: BigInt(Date.now()),
    roots: [{ identity: root.public, endpoints: [{ address, port: 9993 }] }],
    signingKey: createSigningKey(),
  })
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const pool = (net: string) => ({
  v4AssignMode: { zt: true },
  v6AssignMode: { rfc4193: true },
  ipAssignmentPools: [{ ipRangeStart: `${net}.1`, ipRangeEnd: `${net}.250` }],
  routes: [{ target: `${net}.0/24`, via: null }],
})
const ipv4 = (addresses: readonly string[]): string => addresses.find((a) => a.includes('.'))!.split('/')[0]!
const identity = (): Promise<Identity> => generateIdentity()

describe.skipIf(!able)('our node among native nodes', () => {
  let segment: Segment
  let controller: NativeNode
  let member: NativeNode
  let ours: OurNode
  let network: string
  let ourId: string
  let ourIp: string
  let theirIp: string

  beforeAll(async () => {
    segment = new Segment()
    const [root, host, peer] = [await identity(), await identity(), await identity()]
    for (const name of ['r', 'c', 'a', 'x']) segment.host(name)
    const planet = planetOf(root, segment.address('r'))
    await segment.native('r', program, root, planet)
    controller = await segment.native('c', program, host, planet)
    member = await segment.native('a', program, peer, planet)
    const created = controller.api('POST', `/controller/network/${host.public.slice(0, 10)}______`, {
      name: 'interop',
      private: true,
      ...pool('10.121.0'),
    })
    network = created.id
    controller.api('POST', `/controller/network/${network}/member/${peer.public.slice(0, 10)}`, { authorized: true })
    member.api('POST', `/network/${network}`, {})
    const state = await eventually(
      'native member',
      () => member.api('GET', `/network/${network}`),
      (n) => n.status === 'OK' && n.assignedAddresses.length > 1,
    )
    theirIp = ipv4(state.assignedAddresses)
    await pause(5000) // the kernel's interface comes up some seconds after the status says so
    ours = segment.ours('x')
    const me = await identity()
    ourId = me.public.slice(0, 10)
    segment.capture('x', 'member-among-native', { root, controller: host, native: peer, member: me })
    await pause(1000)
    const { id, ms } = await ours.tell({
      do: 'node',
      role: 'member',
      identity: me.exportSecret(),
      planet: hexOf(planet),
      address: segment.address('x'),
    })
    expect(id).toBe(ourId)
    console.log(`online with a native root after ${ms.toFixed(0)} ms`)
  })
  afterAll(async () => {
    await segment.close()
  })

  it('waits at the door of a native controller and is let in', async () => {
    const joining = ours.tell({ do: 'join', network })
    await eventually(
      'member record',
      () => controller.try('GET', `/controller/network/${network}/member/${ourId}`),
      (m) => m?.authorized === false,
    )
    controller.api('POST', `/controller/network/${network}/member/${ourId}`, { authorized: true })
    const { addresses, ms } = await joining
    ourIp = addresses.find((a: { family: number }) => a.family === 4).address
    console.log(`joined as ${JSON.stringify(addresses)} after ${ms.toFixed(0)} ms`)
    expect(addresses).toHaveLength(2)
  })

  it('pings a native peer', async () => {
    const replies = await ours.tell({ do: 'ping', host: theirIp, count: 5 })
    console.log(JSON.stringify(replies))
    expect(replies.filter((r: { rtt?: number }) => r.rtt !== undefined).length).toBeGreaterThanOrEqual(4)
  })

  it('answers the ping of a native peer', () => {
    const out = segment.run('a', 'ping', '-c', '5', '-i', '0.3', '-W', '3', ourIp)
    console.log(out.split('\n').slice(-3).join('\n'))
    expect(out).toMatch(/ 0% packet loss/)
  })

  it('goes direct', async () => {
    const peer = await eventually(
      'path',
      () => ours.tell({ do: 'peer', id: member.api('GET', '/status').address }),
      (p) => p.link === 'direct',
    )
    console.log(JSON.stringify(peer))
  })

  it('serves a page to curl on a native peer', async () => {
    await ours.tell({ do: 'serve', port: 80, text: 'from rxzt' })
    expect(segment.run('a', 'curl', '-s', '-m', '10', `http://${ourIp}/page`)).toBe('from rxzt /page')
  })

  it('fetches a page from a native peer', async () => {
    segment.program(
      'a',
      process.execPath,
      '-e',
      `require('http').createServer((q, r) => r.end('kernel ' + q.url)).listen(8080, '${theirIp}')`,
    )
    await pause(1000)
    const answer = await ours.tell({ do: 'get', host: theirIp, port: 8080, path: '/there' })
    expect(answer).toMatchObject({ status: 200, body: 'kernel /there' })
  })

  it('is put out by a native controller, live', async () => {
    controller.api('POST', `/controller/network/${network}/member/${ourId}`, { authorized: false })
    await eventually(
      'our status',
      () => ours.tell({ do: 'state' }),
      ({ state }) => state.status === 'denied',
      90_000,
    )
  })
})

describe.skipIf(!able)('native nodes among ours', () => {
  let segment: Segment
  let member: NativeNode
  let root: OurNode
  let controller: OurNode
  let ours: OurNode
  let network: string
  let theirIp: string
  let ourIp: string

  beforeAll(async () => {
    segment = new Segment()
    const [rootId, host, peer, me] = [await identity(), await identity(), await identity(), await identity()]
    for (const name of ['r', 'c', 'a', 'x']) segment.host(name)
    const planet = planetOf(rootId, segment.address('r'))
    root = segment.ours('r')
    await root.tell({
      do: 'node',
      role: 'root',
      identity: rootId.exportSecret(),
      planet: hexOf(planet),
      address: segment.address('r'),
    })
    controller = segment.ours('c')
    await controller.tell({
      do: 'node',
      role: 'controller',
      identity: host.exportSecret(),
      planet: hexOf(planet),
      address: segment.address('c'),
    })
    ;({ id: network } = await controller.tell({ do: 'create-network', config: { name: 'ours', ...pool('10.122.0') } }))
    ours = segment.ours('x')
    await ours.tell({
      do: 'node',
      role: 'member',
      identity: me.exportSecret(),
      planet: hexOf(planet),
      address: segment.address('x'),
    })
    await controller.tell({ do: 'authorize', network, member: me.public.slice(0, 10) })
    const { addresses } = await ours.tell({ do: 'join', network })
    ourIp = addresses.find((a: { family: number }) => a.family === 4).address
    await controller.tell({ do: 'authorize', network, member: peer.public.slice(0, 10) })
    segment.capture('a', 'native-among-ours', { root: rootId, controller: host, native: peer, member: me })
    await pause(1000)
    member = await segment.native('a', program, peer, planet)
  })
  afterAll(async () => {
    await segment.close()
  })

  it('a native node comes online with our root', async () => {
    await eventually(
      'native status',
      () => member.api('GET', '/status'),
      (s) => s.online === true,
    )
    const roots = member.api('GET', '/peer').filter((p: { role: string }) => p.role === 'PLANET')
    console.log(JSON.stringify(roots))
    expect(roots[0].paths.length).toBeGreaterThan(0)
  })

  it('joins the network of our controller', async () => {
    member.api('POST', `/network/${network}`, {})
    const state = await eventually(
      'native member',
      () => member.api('GET', `/network/${network}`),
      (n) => n.status === 'OK' && n.assignedAddresses.length > 1,
    )
    theirIp = ipv4(state.assignedAddresses)
    expect(state.name).toBe('ours')
    await pause(5000)
  })

  it('pings us and is pinged', async () => {
    expect(segment.run('a', 'ping', '-c', '5', '-i', '0.3', '-W', '3', ourIp)).toMatch(/ 0% packet loss/)
    const replies = await ours.tell({ do: 'ping', host: theirIp, count: 5 })
    expect(replies.filter((r: { rtt?: number }) => r.rtt !== undefined).length).toBeGreaterThanOrEqual(4)
  })

  it('curls us', async () => {
    await ours.tell({ do: 'serve', port: 80, text: 'from rxzt' })
    expect(segment.run('a', 'curl', '-s', '-m', '10', `http://${ourIp}/`)).toBe('from rxzt /')
  })
})

describe.skipIf(!able)('our node and a native one with a firewall between them', () => {
  let segment: Segment
  let ours: OurNode
  let theirId: string
  let theirIp: string

  const link = async (): Promise<string> => (await ours.tell({ do: 'peer', id: theirId })).link
  const answered = async (count: number): Promise<number> =>
    (await ours.tell({ do: 'ping', host: theirIp, count })).filter((r: { rtt?: number }) => r.rtt !== undefined).length

  beforeAll(async () => {
    segment = new Segment()
    const [root, host, peer, me] = [await identity(), await identity(), await identity(), await identity()]
    for (const name of ['r', 'c', 'a', 'x']) segment.host(name)
    const planet = planetOf(root, segment.address('r'))
    await segment.native('r', program, root, planet)
    const controller = await segment.native('c', program, host, planet)
    const member = await segment.native('a', program, peer, planet)
    theirId = peer.public.slice(0, 10)
    const { id: network } = controller.api('POST', `/controller/network/${host.public.slice(0, 10)}______`, {
      name: 'wall',
      private: false,
      ...pool('10.123.0'),
    })
    member.api('POST', `/network/${network}`, {})
    const state = await eventually(
      'native member',
      () => member.api('GET', `/network/${network}`),
      (n) => n.status === 'OK' && n.assignedAddresses.length > 1,
    )
    theirIp = ipv4(state.assignedAddresses)
    await pause(5000)
    segment.block('a', 'x', true)
    ours = segment.ours('x')
    await ours.tell({
      do: 'node',
      role: 'member',
      identity: me.exportSecret(),
      planet: hexOf(planet),
      address: segment.address('x'),
    })
    await ours.tell({ do: 'join', network })
  })
  afterAll(async () => {
    await segment.close()
  })

  it('talk through the root', async () => {
    const began = Date.now()
    await eventually(
      'echo',
      () => answered(3),
      (n) => n === 3,
      60_000,
    )
    console.log(`relayed after ${Date.now() - began} ms`)
    expect(await link()).toBe('relay')
  })

  it('go direct when it falls, by themselves', async () => {
    segment.block('a', 'x', false)
    const began = Date.now()
    await eventually(
      'link',
      async () => [await answered(1), await link()] as const,
      ([, l]) => l === 'direct',
      120_000,
    )
    console.log(`direct ${Date.now() - began} ms after the cut was restored`)
  })

  it('send through the root within half a minute when it rises again', async () => {
    segment.block('a', 'x', true)
    const began = Date.now()
    // the native node gives the dead path up only after 243 s; until then its replies are lost, ours are not
    await eventually(
      'link',
      async () => [await answered(1), await link()] as const,
      ([, l]) => l === 'relay',
      30_000,
    )
    console.log(`we send through the root ${Date.now() - began} ms after the cut`)
  })
})
