import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually, type OurNode } from './namespaces.ts'
import { heard, ip4, type Member, type NativeMember, type OurMember, transfer } from './network-member.ts'
import { able, type Make, Testbed } from './testbed.ts'

const HOST = '10.146.0.200'
const MDNS = 5353
const GROUPS = ['224.0.0.251', 'ff02::fb']

describe.skipIf(!able).each<Make>(['native', 'ours'])(
  'a native member as bridge, with %s root and controller',
  (make) => {
    let bed: Testbed
    let bridge: NativeMember
    let native: NativeMember
    let ours: OurMember
    /** A host that runs nothing of ZeroTier, on an Ethernet behind the bridge. */
    let behind: OurNode

    beforeAll(async () => {
      bed = await Testbed.open(make)
      bridge = await bed.native('a')
      native = await bed.native('b')
      ours = await bed.ours('x')
      const network = bed.create('10.146.0')
      bed.set(network, bridge, { activeBridge: true, noAutoAssignIps: true })
      await bed.admit(network, [bridge], 0)
      await bed.admit(network, [native, ours])

      bed.segment.host('h')
      const on = (host: string, ...args: readonly string[]): string => bed.segment.run(host, 'ip', ...args)
      on('h', 'link', 'set', 'eth0', 'down')
      on('a', 'link', 'add', 'port', 'type', 'veth', 'peer', 'name', 'lan0', 'netns', bed.segment.ns('h'))
      on('a', 'link', 'add', 'lan', 'type', 'bridge', 'stp_state', '0', 'forward_delay', '0')
      for (const device of ['port', bridge.device]) on('a', 'link', 'set', device, 'master', 'lan', 'up')
      on('a', 'link', 'set', 'lan', 'up')
      on('h', 'addr', 'add', `${HOST}/24`, 'dev', 'lan0')
      on('h', 'link', 'set', 'lan0', 'up')
      behind = bed.segment.kernel('h', 'lan0')
      await behind.tell({ do: 'bind', port: MDNS, groups: GROUPS, address: HOST })
      for (const member of [native, ours]) await member.tell({ do: 'bind', port: MDNS, groups: GROUPS })
      await eventually(
        'the bridge',
        () => native.ping(HOST, 1),
        (answered) => answered > 0,
      )
    })
    afterAll(() => bed.close())

    it('leads to a host behind it', async () => {
      const record = await bed.record('x', `bridge-${make}-controller`)
      expect(await ours.ping(HOST, 5)).toBeGreaterThanOrEqual(4)
      await record.stop()
    })

    it('lets a host behind it reach our member', async () => {
      const out = await bed.segment.exec('h', 'ping', '-n', '-c', '5', '-i', '0.2', '-W', '2', await ip4(ours))
      expect(Number(/(\d+) received/.exec(out)?.[1])).toBeGreaterThanOrEqual(4)
    })

    it('carries TCP both ways', async () => {
      await behind.tell({ do: 'echo-server', port: 7 })
      await ours.tell({ do: 'echo-server', port: 7 })
      expect(await transfer(ours, HOST, 7, 1 << 20)).toMatchObject({ same: true })
      const back = await behind.tell({ do: 'transfer', host: await ip4(ours), port: 7, bytes: 1 << 20 })
      expect(back).toMatchObject({ same: true })
    })

    it('carries multicast both ways, also for groups that only a host behind it is in', async () => {
      for (const group of GROUPS) {
        await hears(behind, group, () => heard(ours, MDNS))
        await hears(ours, group, () => behind.tell({ do: 'heard', port: MDNS }))
      }
    })
  },
)

describe.skipIf(!able).each<Make>(['native', 'ours'])('our member as bridge, with %s root and controller', (make) => {
  let bed: Testbed
  let bridge: OurMember
  let native: NativeMember
  let ours: OurMember
  /** The kernel's stack on a TAP interface that our bridge is joined to, in a namespace of its own. */
  let behind: OurNode

  beforeAll(async () => {
    bed = await Testbed.open(make)
    bridge = await bed.ours('a')
    native = await bed.native('b')
    ours = await bed.ours('x')
    const network = bed.create('10.146.0')
    bed.set(network, bridge, { activeBridge: true, noAutoAssignIps: true })
    await bed.admit(network, [bridge], 0)
    await bed.admit(network, [native, ours])

    bed.segment.host('h')
    const inHost = (...args: readonly string[]): string => bed.segment.run('h', 'ip', ...args)
    inHost('link', 'set', 'eth0', 'down')
    await bridge.tell({ do: 'bridge', namespace: bed.segment.ns('h'), device: 'lan0' })
    inHost('addr', 'add', `${HOST}/24`, 'dev', 'lan0')
    inHost('link', 'set', 'lan0', 'up')
    behind = bed.segment.kernel('h', 'lan0')
    await behind.tell({ do: 'bind', port: MDNS, groups: GROUPS, address: HOST })
    for (const member of [native, ours]) await member.tell({ do: 'bind', port: MDNS, groups: GROUPS })
    await eventually(
      'the bridge',
      () => native.ping(HOST, 1),
      (answered) => answered > 0,
    )
  })
  afterAll(() => bed.close())

  it('leads members of both makes to a host behind it', async () => {
    const record = await bed.record('b', `our-bridge-${make}-controller`)
    expect(await native.ping(HOST, 5)).toBeGreaterThanOrEqual(4)
    await record.stop()
    expect(await ours.ping(HOST, 5)).toBeGreaterThanOrEqual(4)
  })

  it('lets a host behind it reach members of both makes', async () => {
    for (const member of [native, ours]) {
      const out = await bed.segment.exec('h', 'ping', '-n', '-c', '5', '-i', '0.2', '-W', '2', await ip4(member))
      expect(Number(/(\d+) received/.exec(out)?.[1])).toBeGreaterThanOrEqual(4)
    }
  })

  it('carries TCP both ways', async () => {
    await behind.tell({ do: 'echo-server', port: 7 })
    await native.tell({ do: 'echo-server', port: 7 })
    expect(await transfer(native, HOST, 7, 1 << 20)).toMatchObject({ same: true })
    const back = await behind.tell({ do: 'transfer', host: await ip4(native), port: 7, bytes: 1 << 20 })
    expect(back).toMatchObject({ same: true })
  })

  it('carries multicast between a native member and the host, both ways', async () => {
    for (const group of GROUPS) {
      await hears(behind, group, () => heard(native, MDNS))
      await hears(native, group, () => behind.tell({ do: 'heard', port: MDNS }))
    }
  })
})

/** Says something to a group, again and again, until it is heard. */
const hears = async (from: Member | OurNode, group: string, ask: () => Promise<readonly { text: string }[]>) => {
  const text = `to ${group} at ${Date.now()}`
  await eventually(
    text,
    async () => {
      await from.tell({ do: 'send', port: MDNS, to: group, toPort: MDNS, text })
      return (await ask()).map((one) => one.text)
    },
    (texts) => texts.includes(text),
    10_000,
  )
}
