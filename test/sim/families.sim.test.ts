import { expect } from 'vitest'
import { scenario } from '../support/scenario.ts'

const weather = { latency: 5, jitter: 2 }
const [root, host, aliceAt, bobAt] = ['2001:db8::1', '2001:db8::2', '2001:db8::a', '2001:db8::b'] as const

scenario('Hosts with nothing but IPv6 need no IPv4 anywhere', async (stage) => {
  const { net } = stage
  await net.root({ addresses: [root] })
  const at = (address: string) => ({ on: net.segment(weather), addresses: [address] })
  const { alice, bob, a, b } = await stage.pair(at(aliceAt), at(bobAt), { addresses: [host] })
  await stage.flows('first echo', b, a)
  await net.advance(20_000)
  expect(bob.peer(alice.id)?.paths).toMatchObject([{ endpoint: { address: aliceAt }, preferred: true }])
})

scenario('A host with IPv6 and one with IPv4 talk by a root that has both', async (stage) => {
  const { net } = stage
  await net.root({ addresses: [root, '44.2.0.1'] })
  const { alice, bob, a, b } = await stage.pair(
    { on: net.segment(weather), addresses: [aliceAt] },
    { on: net.segment(weather), addresses: ['44.2.0.11'] },
    { addresses: [host, '44.2.0.2'] },
  )
  await stage.flows('first echo', b, a)
  await net.advance(40_000)
  await stage.flows('later echo', b, a)
  expect(bob.peer(alice.id)?.link).toBe('relay')
})

scenario(
  'Dual-stack hosts behind symmetric routers meet by IPv6, and again when it is gone',
  async (stage) => {
    const { net, story } = stage
    await net.root({ addresses: [root, '44.2.0.1'] })
    const { alice, bob, a, b } = await stage.pair(
      { on: net.nat('symmetric', weather), addresses: ['10.1.0.2', aliceAt] },
      { on: net.nat('symmetric', weather), addresses: ['10.2.0.2', bobAt] },
      { addresses: [host, '44.2.0.2'] },
    )
    const preferred = () => bob.peer(alice.id)?.paths.find((path) => path.preferred)?.endpoint.address
    await stage.flows('first echo', b, a)
    await net.advance(20_000)
    expect(preferred()).toBe(aliceAt)

    story.act('Alice moves to where there is only IPv4, behind a full-cone router')
    net.move(alice, { on: net.nat('full-cone', weather), addresses: ['10.3.0.2'] })
    await stage.flows('IPv6 is gone', b, a)
    await net.advance(20_000)
    expect(preferred()).toMatch(/^44\./)
  },
  { varies: true },
)
