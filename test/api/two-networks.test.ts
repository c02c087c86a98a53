import { expect, it } from 'vitest'
import type { Network, ZtNode } from '../../src/index.node.ts'
import { virtualNet } from '../../src/testing.node.ts'
import { openNetwork, readAll } from '../support/virtual-pair.ts'

/** Each network is a host of its own: the one that a socket was opened on decides, not the address. */
it('in two networks with the same prefix the network of the socket decides who is meant (G13)', async () => {
  await using net = virtualNet({ seed: 12 })
  await net.root()
  const controller = await net.controller()
  const members = { noAutoAssignIps: true }
  const [first, second] = [await controller.create(openNetwork), await controller.create(openNetwork)]
  const join = async (node: ZtNode, { id }: { readonly id: string }, address: string): Promise<Network> => {
    await controller.authorize(id, node.id)
    await controller.updateMember(id, node.id, { ...members, ipAssignments: [address] })
    return net.until(node.join(id))
  }
  const [alice, bob, carol] = [await net.node(), await net.node(), await net.node()]
  const ours = [await join(alice, first, '10.144.0.1'), await join(alice, second, '10.144.0.1')]
  const [b, c] = [await join(bob, first, '10.144.0.2'), await join(carol, second, '10.144.0.2')]
  for (const [network, name] of [
    [b, 'bob'],
    [c, 'carol'],
  ] as const) {
    const listener = await net.until(network.listen({ port: 80 }))
    listener.connections$.subscribe((socket) => void socket.end(name))
    const udp = await net.until(network.bind({ port: 9 }))
    udp.messages$.subscribe(({ from }) => void udp.send(name, { host: from.address, port: from.port }))
  }
  for (const [network, name] of [
    [ours[0]!, 'bob'],
    [ours[1]!, 'carol'],
  ] as const) {
    expect(network.address(4)).toBe('10.144.0.1')
    const socket = await net.until(network.connect({ host: '10.144.0.2', port: 80 }))
    expect(new TextDecoder().decode(await net.until(readAll(socket)))).toBe(name)
    const udp = await net.until(network.bind({ port: 4000 }))
    const heard: string[] = []
    udp.messages$.subscribe(({ data }) => heard.push(new TextDecoder().decode(data)))
    await udp.send('who is it?', { host: '10.144.0.2', port: 9 })
    await net.advance(1000)
    expect(heard).toEqual([name])
  }
})
