import { describe, expect, it } from 'vitest'
import type { NetworkConfigInput } from '../../src/controller.node.ts'
import type { TcpSocket } from '../../src/index.node.ts'
import { type VirtualNet, virtualNet } from '../../src/testing.node.ts'
import { legend, networkLegend, Story } from '../support/story.ts'
import { openNetwork } from '../support/virtual-pair.ts'

/** Where a story plays: a root, a controller, and segments 5 ms away. */
const stageOf = async (net: VirtualNet, story: Story, config: NetworkConfigInput = openNetwork) => {
  await net.root()
  const controller = await net.controller()
  const hosted = await controller.create(config)
  const start = async (name: string) => {
    const node = await net.node({ on: net.segment({ latency: 5 }) })
    story.add(name, node)
    return node
  }
  return { controller, hosted, start }
}

/** With seed 1 the events are, to the millisecond, those of the diagram; with others they come in the same order. */
const sequence = (title: string, play: (net: VirtualNet, story: Story) => Promise<void>): void => {
  const perform = async (seed: number): Promise<Pick<Story, 'diagram' | 'plot'>> => {
    const net = virtualNet({ seed })
    const story = new Story(() => net.now, { networks: true })
    await play(net, story)
    const { diagram, plot } = story
    await net[Symbol.asyncDispose]()
    expect(story.problems).toEqual([])
    expect(net.scheduler.actions, 'timers that are left over').toHaveLength(0)
    return { diagram, plot }
  }
  describe(title, () => {
    it('is its diagram with seed 1, and has the same plot with others', async () => {
      const { diagram, plot } = await perform(1)
      const file = title.replaceAll(/[^a-z0-9]+/gi, '-')
      await expect(`${title}\n${legend}\n${networkLegend}\n\n${diagram}`).toMatchFileSnapshot(
        `diagrams/canonical/${file}.txt`,
      )
      for (const seed of [2, 3]) expect((await perform(seed)).plot).toBe(plot)
    })
  })
}

sequence('A node boots, comes online and is closed', async (net, story) => {
  const { start } = await stageOf(net, story)
  const alice = await start('alice')
  await net.until(alice.online())
  story.act('it is closed')
  await net.until(alice.close())
})

sequence('A node joins a network, leaves it and joins it again', async (net, story) => {
  const { start, hosted } = await stageOf(net, story)
  const alice = await start('alice')
  await net.until(alice.online())
  story.act('it joins')
  const network = await net.until(alice.join(hosted.id))
  story.act('it leaves')
  await net.until(network.leave())
  story.act('it joins again')
  await net.until(alice.join(hosted.id))
})

sequence(
  'A node is denied until it is authorised, denied again when it is put out, and let in again',
  async (net, story) => {
    const { start, hosted, controller } = await stageOf(net, story, { ...openNetwork, private: true })
    const alice = await start('alice')
    await net.until(alice.online())
    story.act('it joins')
    const joining = alice.join(hosted.id)
    await net.advance(3000)
    story.act('it is authorised')
    await controller.authorize(hosted.id, alice.id)
    await net.until(joining)
    story.act('it is put out')
    await controller.deauthorize(hosted.id, alice.id)
    await net.advance(3000)
    story.act('it is let in again')
    await controller.authorize(hosted.id, alice.id)
    await net.advance(3000)
  },
)

sequence('A network changes while a node is on it', async (net, story) => {
  const { start, hosted, controller } = await stageOf(net, story)
  const alice = await start('alice')
  await net.until(alice.join(hosted.id))
  story.act('it gets another name and another route')
  const routes = [{ target: '10.144.0.0/24' }, { target: '10.145.0.0/16', via: '10.144.0.1' }]
  await controller.update(hosted.id, { name: 'renamed', routes })
  await net.advance(1000)
  story.act('the route is gone')
  await controller.update(hosted.id, { routes: [{ target: '10.144.0.0/24' }] })
  await net.advance(1000)
})

sequence('A network that its controller does not know is not found', async (net, story) => {
  const { start, controller } = await stageOf(net, story)
  const alice = await start('alice')
  const joining = alice.join(`${controller.node.id}999999`)
  await expect(net.until(joining)).rejects.toMatchObject({ code: 'ERR_ZT_NOT_FOUND' })
})

sequence('Two nodes meet by the root and then directly, and one is closed while they talk', async (net, story) => {
  const { start, hosted } = await stageOf(net, story)
  const [alice, bob] = [await start('alice'), await start('bob')]
  const [a, b] = await net.until(Promise.all([alice.join(hosted.id), bob.join(hosted.id)]))
  const server = await net.until(a.listen({ port: 7 }))
  const taken = server[Symbol.asyncIterator]().next()
  story.act('they talk')
  const near = await net.until(b.connect({ host: a.address(4)!, port: 7 }))
  const far: TcpSocket = (await net.until(taken)).value
  const reader = near[Symbol.asyncIterator]()
  await far.write('hello')
  await net.until(reader.next())
  await net.advance(1000)
  story.act('alice is closed')
  const ending = reader.next().then(() => near.end())
  await net.until(Promise.all([alice.close(), ending]))
  await net.until(Promise.all([near.closed, far.closed]))
  await net.advance(60_000)
})
