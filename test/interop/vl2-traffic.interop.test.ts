import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from './namespaces.ts'
import { ip4, ip6, type Member, type NativeMember, type OurMember, transfer } from './network-member.ts'
import { able, type Make, Testbed } from './testbed.ts'

const MIB = 1 << 20

describe.skipIf(!able).each<Make>(['native', 'ours'])('addresses and sizes, %s root and controller', (make) => {
  let bed: Testbed
  let native: NativeMember
  let ours: OurMember
  const bothWays = (): readonly (readonly [Member, Member])[] => [
    [native, ours],
    [ours, native],
  ]

  beforeAll(async () => {
    bed = await Testbed.open(make)
    native = await bed.native('a')
    ours = await bed.ours('x')
  })
  afterAll(() => bed.close())

  describe('with addresses of every scheme', () => {
    let network: string
    beforeAll(async () => {
      network = bed.create('10.131.0', { v6AssignMode: { rfc4193: true, '6plane': true } })
      await bed.admit(network, [native, ours], 3)
      for (const member of [native, ours]) await member.tell({ do: 'echo-server', port: 7 })
    })

    it.each(['fd', 'fc'] as const)('ping6 reaches addresses that begin with %s, both ways', async (prefix) => {
      for (const [from, to] of bothWays())
        expect(await from.ping(await ip6(to, prefix), 5), `${from.make} to ${to.make}`).toBeGreaterThanOrEqual(4)
    })

    it.each(['fd', 'fc'] as const)('TCP reaches addresses that begin with %s, both ways', async (prefix) => {
      for (const [from, to] of bothWays())
        expect(await transfer(from, await ip6(to, prefix), 7, MIB), `${from.make} to ${to.make}`).toMatchObject({
          same: true,
        })
    })

    it('TCP reaches IPv4 addresses, both ways', async () => {
      for (const [from, to] of bothWays())
        expect(await transfer(from, await ip4(to), 7, MIB), `${from.make} to ${to.make}`).toMatchObject({ same: true })
    })
  })

  describe('with frames of every size', () => {
    let network: string
    const isMtu = async (mtu: number): Promise<void> => {
      await eventually(
        `MTU ${mtu}`,
        async () => [
          native.node.api('GET', `/network/${network}`).mtu,
          JSON.parse(bed.segment.run('a', 'ip', '-j', 'link', 'show', 'dev', native.device))[0].mtu,
          (await ours.node.tell({ do: 'state' })).state.mtu,
        ],
        (found) => found.every((one) => one === mtu),
        10_000,
      )
    }
    beforeAll(async () => {
      await native.leave()
      network = bed.create('10.132.0', { mtu: 1400 })
      await bed.admit(network, [native, ours])
      for (const member of [native, ours]) await member.tell({ do: 'echo-server', port: 7 })
    })

    it.each([1400, 2800, 9000])('frames of an MTU of %i pass whole, set while members are there', async (mtu) => {
      const began = Date.now()
      bed.update(network, { mtu })
      await isMtu(mtu)
      console.log(`MTU ${mtu} in force after ${Date.now() - began} ms`)
      for (const [from, to] of bothWays()) {
        expect(await from.ping(await ip4(to), 3, mtu - 28), `IPv4, ${from.make} to ${to.make}`).toBeGreaterThanOrEqual(
          2,
        )
        expect(await from.ping(await ip6(to, 'fd'), 3, mtu - 48), `IPv6, ${from.make}`).toBeGreaterThanOrEqual(2)
        const { same, ms } = await transfer(from, await ip4(to), 7, 4 * MIB)
        console.log(`MTU ${mtu}: 4 MiB there and back, ${from.make} to ${to.make}, in ${ms.toFixed(0)} ms`)
        expect(same).toBe(true)
      }
    })
  })
})
