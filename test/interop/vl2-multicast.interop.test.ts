import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually, pause } from './namespaces.ts'
import { heard, type Member, type NativeMember, type OurMember } from './network-member.ts'
import { able, type Make, Testbed } from './testbed.ts'

const MDNS = 5353
const GROUPS = ['224.0.0.251', 'ff02::fb']

/** The MACs in a MULTICAST_LIKE (docs/protocol/vl2.md §4.1). */
const groupsIn = (payload: Uint8Array): readonly string[] =>
  Array.from({ length: payload.length / 18 }, (_, i) =>
    Buffer.from(payload.subarray(i * 18 + 8, i * 18 + 14)).toString('hex'),
  )

describe.skipIf(!able).each<Make>(['native', 'ours'])('multicast, with %s root and controller', (make) => {
  let bed: Testbed
  let native: NativeMember
  let second: NativeMember
  let ours: OurMember
  let other: OurMember
  let all: readonly Member[]
  let network: string
  let record: Awaited<ReturnType<Testbed['record']>>

  const textsOf = async (member: Member): Promise<readonly string[]> =>
    (await heard(member, MDNS)).map(({ text }) => text)

  beforeAll(async () => {
    bed = await Testbed.open(make)
    native = await bed.native('a')
    second = await bed.native('b')
    ours = await bed.ours('x')
    other = await bed.ours('y')
    all = [native, second, ours, other]
    network = bed.create('10.145.0')
    await bed.admit(network, all)
    // a native node tells a new group to the members that it has met; others find it when they ask again, in a minute
    await bed.acquaint(all)
    record = await bed.record('x', `multicast-${make}-controller`)
    for (const member of all) await member.tell({ do: 'bind', port: MDNS, groups: GROUPS })
  })
  afterAll(() => bed.close())

  it.each(GROUPS)('a datagram to %s reaches every other member, whoever sends it', async (group) => {
    for (const from of all) {
      const began = Date.now()
      await eventually(
        `${group} from ${from.host}`,
        async () => {
          const text = `${from.host} asks ${group} at ${Date.now()}`
          await from.tell({ do: 'send', port: MDNS, to: group, toPort: MDNS, text })
          await pause(400)
          const others = all.filter((one) => one !== from)
          const got = await Promise.all(others.map(async (one) => (await textsOf(one)).includes(text)))
          return others.filter((_, i) => got[i] !== true).map(({ host }) => host)
        },
        (missing) => missing.length === 0,
        // a native node looks for groups of its interface every 5 seconds
        15_000,
      )
      console.log(`${make}: ${group} from ${from.make} heard by all after ${Date.now() - began} ms`)
    }
  })

  it('memberships of our host stack are announced, as those of a kernel are', async () => {
    const { said } = await record.stop()
    const announced = (from: string): readonly string[] =>
      said
        .filter((one) => one.from === from && one.verb === 'multicastLike')
        .flatMap(({ payload }) => [...groupsIn(payload)])
    for (const group of ['01005e0000fb', '3333000000fb']) {
      expect(announced('x')).toContain(group)
      expect(announced('a')).toContain(group)
    }
  })

  it('the first datagram of a member that knows nobody finds the members of the group', async () => {
    const late = await bed.ours('z')
    await bed.admit(network, [late])
    await late.tell({ do: 'bind', port: MDNS, groups: GROUPS })
    await late.tell({ do: 'send', port: MDNS, to: GROUPS[0]!, toPort: MDNS, text: 'hello, who is there?' })
    await eventually(
      'the others',
      async () => Promise.all(all.map(async (one) => (await textsOf(one)).includes('hello, who is there?'))),
      (got) => got.every((one) => one),
      5_000,
    )
  })

  it('a broadcast reaches every other member', async () => {
    for (const from of [ours, native] as const) {
      const text = `${from.host} shouts`
      await from.tell({ do: 'send', port: MDNS, to: '10.145.0.255', toPort: MDNS, text })
      await eventually(
        text,
        async () =>
          Promise.all(all.filter((one) => one !== from).map(async (one) => (await textsOf(one)).includes(text))),
        (got) => got.every((one) => one),
        5_000,
      )
    }
  })
})
