import { describe, expect, it } from 'vitest'
import { VirtualNode } from '../../src/api/node.ts'
import type { Network, ZtNode } from '../../src/index.node.ts'
import { parseMac, parseNetworkId } from '../../src/protocol/kernel/id.ts'
import { findGroup } from '../../src/protocol/network/multicast-group.ts'
import { verbCode } from '../../src/protocol/verb/verb-code.ts'
import { publicNodeId } from '../../src/streams/public-id.ts'
import { type VirtualNet, virtualNet } from '../../src/testing.node.ts'
import { openNetwork } from '../support/virtual-pair.ts'

const GROUPS = [
  { ip: '239.1.2.3', mac: '01:00:5e:01:02:03' },
  { ip: 'ff02::1234:5678', mac: '33:33:12:34:56:78' },
] as const
const PORT = 5000

/** Whom a node counts as members of a group, by what it was told. */
const known = (node: ZtNode, network: string, mac: string): readonly string[] => {
  if (!(node instanceof VirtualNode)) throw new Error('no node of this library')
  const [, vl2] = node.running.states
  const group = findGroup(vl2.groups, parseNetworkId(network)!, parseMac(mac)!, 0)
  return [...(group?.members.keys() ?? [])].map(publicNodeId)
}

const scene = async (seed: number) => {
  const net = virtualNet({ seed })
  const root = await net.root()
  const controller = await net.controller()
  const { id } = await controller.create(openNetwork)
  const [alice, bob, carol] = [await net.node(), await net.node(), await net.node()]
  const [a, b, c] = await net.until(Promise.all([alice.join(id), bob.join(id), carol.join(id)]))
  await net.advance(10_000)
  return { net, root: root.node, controller: controller.node, id, alice, bob, carol, a, b, c }
}

const listen = async (net: VirtualNet, at: Network) => {
  const socket = await net.until(at.bind({ port: PORT }))
  const heard: string[] = []
  socket.messages$.subscribe(({ data }) => heard.push(new TextDecoder().decode(data)))
  return { socket, heard }
}
/** The verbs of the packets that a node sends from now on. */
const verbsOf = (node: ZtNode): number[] => {
  const verbs: number[] = []
  node.packets$.subscribe(({ dir, verb }) => {
    if (dir === 'out' && verb !== undefined) verbs.push(verb)
  })
  return verbs
}
/** How many frames to a MAC come to a host stack from now on. */
const framesTo = (network: Network, mac: string): { count: number } => {
  const seen = { count: 0 }
  network.frames$.subscribe(({ dir, to }) => {
    if (dir === 'in' && to === mac) seen.count++
  })
  return seen
}

describe.each(GROUPS)('the group $ip', ({ ip, mac }) => {
  it.each([1, 2, 3])(
    'is announced when somebody joins it: members know at once whom to send to (seed %i)',
    async (seed) => {
      const { net, root, controller, id, alice, bob, a, b, c } = await scene(seed)
      const [hers, his, others] = [await listen(net, a), await listen(net, b), await listen(net, c)]
      const said = verbsOf(alice)
      hers.socket.joinGroup(ip)
      // not with the next announcement of the minute
      expect(said).toContain(verbCode.multicastLike)
      expect(a.state.multicastGroups).toContainEqual({ mac, adi: 0 })
      await net.advance(500)
      for (const node of [root, controller, bob]) expect(known(node, id, mac)).toEqual([alice.id])

      const asked = verbsOf(bob)
      const toCarol = framesTo(c, mac)
      await net.until(his.socket.send('hello', { host: ip, port: PORT }))
      expect(asked).toContain(verbCode.multicastFrame)
      await net.advance(1_000)
      expect([hers.heard, others.heard, toCarol.count]).toEqual([['hello'], [], 0])
      await net[Symbol.asyncDispose]()
    },
  )

  it.each([1, 2, 3])('is found by who has just come and knows nobody: by gather (seed %i)', async (seed) => {
    const { net, id, alice, a } = await scene(seed)
    const hers = await listen(net, a)
    hers.socket.joinGroup(ip)
    await net.advance(500)
    const dave = await net.node()
    const asked = verbsOf(dave)
    const d = await net.until(dave.join(id))
    const { socket } = await listen(net, d)
    expect(known(dave, id, mac)).toEqual([])
    const before = asked.filter((verb) => verb === verbCode.multicastGather).length
    await net.until(socket.send('hello', { host: ip, port: PORT }))
    expect(asked.filter((verb) => verb === verbCode.multicastGather).length).toBeGreaterThan(before)
    await net.advance(1_000)
    expect(hers.heard).toEqual(['hello'])
    expect(known(dave, id, mac)).toEqual([alice.id])
    await net[Symbol.asyncDispose]()
  })

  it('stops reaching who left it, once what the others know has expired', async () => {
    const { net, bob, root, id, a, b } = await scene(5)
    const [hers, his] = [await listen(net, a), await listen(net, b)]
    hers.socket.joinGroup(ip)
    await net.advance(500)
    await net.until(his.socket.send('one', { host: ip, port: PORT }))
    await net.advance(2_000)
    hers.socket.leaveGroup(ip)
    expect(a.state.multicastGroups).not.toContainEqual({ mac, adi: 0 })
    const toAlice = framesTo(a, mac)
    await net.until(his.socket.send('two', { host: ip, port: PORT }))
    await net.advance(2_000)
    // nobody can take back what was announced: the frame comes, and the host stack has no use for it
    expect([hers.heard, toAlice.count]).toEqual([['one'], 1])
    await net.advance(660_000)
    expect([known(root, id, mac), known(bob, id, mac)]).toEqual([[], []])
    await net.until(his.socket.send('three', { host: ip, port: PORT }))
    await net.advance(2_000)
    expect([hers.heard, toAlice.count]).toEqual([['one'], 1])
    await net[Symbol.asyncDispose]()
  })
})
