import { expect } from 'vitest'
import { scenario } from '../support/scenario.ts'
import { pattern, readAll, serveEcho } from '../support/virtual-pair.ts'

scenario(
  'A line that loses a quarter in one direction carries every byte',
  async (stage) => {
    const { net, story } = stage
    await net.root()
    const home = net.segment({ latency: 10 })
    const { a, b } = await stage.pair({ on: home }, { on: net.segment({ latency: 10 }) })
    await serveEcho(a, 7)
    await stage.flows('first echo', b, a)
    await net.advance(5_000)

    story.act('a quarter of what Alice sends is lost')
    home.set({ latency: 10, loss: 0.25 }, { latency: 10 })
    await stage.within('50 kB there and back by TCP', async () => {
      const socket = await b.connect({ host: a.address(4)!, port: 7 })
      const sent = pattern(50_000)
      const echoed = readAll(socket)
      await socket.write(sent)
      await socket.end()
      expect(Buffer.compare(await echoed, sent)).toBe(0)
    })
    await net.advance(30_000)

    story.act('nothing is lost any more')
    home.set({ latency: 10 })
    await stage.flows('nothing is lost any more', b, a)
    await net.advance(5_000)
  },
  { varies: true },
)

scenario(
  'A line that brings nothing in for a minute is used again as soon as it does',
  async (stage) => {
    const { net, story } = stage
    await net.root()
    const home = net.segment({ latency: 10, jitter: 2 })
    const { a, b } = await stage.pair({ on: home }, { on: net.segment({ latency: 10 }) })
    await stage.flows('first echo', b, a)
    await net.advance(5_000)

    story.act('Alice hears nothing')
    home.set({ latency: 10 }, { latency: 10, loss: 1 })
    await net.advance(60_000)

    story.act('she hears again')
    home.set({ latency: 10 })
    await stage.flows('it brings something in again', b, a)
    await net.advance(20_000)
  },
  { varies: true },
)

scenario('A cut between two members is passed by the relay, and forgotten when it heals', async (stage) => {
  const { net, story } = stage
  await net.root()
  const [left, right] = [net.segment({ latency: 10, jitter: 2 }), net.segment({ latency: 10, jitter: 2 })]
  const { a, b, alice, bob } = await stage.pair({ on: left }, { on: right })
  await stage.flows('first echo', b, a)
  await net.advance(5_000)

  story.act('nothing passes between the two')
  const heal = net.partition(left, right)
  await stage.flows('the direct way is cut', b, a)
  expect(await stage.talk(b, a, 20)).toBe(20)

  story.act('the cut heals')
  heal()
  expect(await stage.talk(b, a, 10)).toBe(10)
  expect([alice.peer(bob.id)?.link, bob.peer(alice.id)?.link]).toEqual(['direct', 'direct'])
})

scenario(
  'A firewall that lets no UDP pass is passed by a TCP relay, while it is there',
  async (stage) => {
    const { net, story } = stage
    await net.root({ addresses: ['44.2.0.1'] })
    const open = { latency: 10, jitter: 2 }
    const home = net.segment({ ...open, loss: 1 })
    const { alice, bob, a, b } = await stage.within('both are members', () =>
      stage.pair(
        { on: home, addresses: ['44.3.0.1'], tcpRelay: net.tcpRelay() },
        { on: net.segment({ latency: 10 }), addresses: ['44.4.0.1'] },
        { addresses: ['44.2.0.2'] },
      ),
    )
    await stage.flows('first echo', b, a)
    expect(alice.peer(bob.id)).toMatchObject({ link: 'direct', tunneled: true })

    story.act('UDP passes')
    home.set(open)
    await net.advance(30_000)
    expect(alice.peer(bob.id)).toMatchObject({ link: 'direct', tunneled: false })
    await stage.flows('UDP passes', b, a)

    story.act('UDP does not pass any more')
    home.set({ ...open, loss: 1 })
    await stage.flows('UDP is blocked later', b, a)
  },
  { varies: true },
)
