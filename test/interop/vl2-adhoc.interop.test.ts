import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from './namespaces.ts'
import { ip4, ip6, type Member, type NativeMember, transfer } from './network-member.ts'
import { able, Testbed } from './testbed.ts'

describe.skipIf(!able)('ad-hoc networks, without a controller', () => {
  let bed: Testbed
  let native: NativeMember
  let ours: Member
  const bothWays = (): readonly (readonly [Member, Member])[] => [
    [native, ours],
    [ours, native],
  ]

  beforeAll(async () => {
    bed = await Testbed.open('native')
    native = await bed.native('a')
    ours = await bed.ours('x')
    // no controller is asked that would show it: it sends nothing before, for up to 10 s
    await eventually(
      'the native node online',
      () => native.node.api('GET', '/status'),
      ({ online }) => online,
    )
  })
  afterAll(() => bed.close())

  it('of a range of ports: IPv6, and TCP within the range alone', async () => {
    await Promise.all([native, ours].map((member) => member.join('ff1f401f41000000', 1)))
    for (const port of [8000, 8002]) for (const member of [native, ours]) await member.tell({ do: 'echo-server', port })
    for (const [from, to] of bothWays()) {
      const address = await ip6(to, 'fc')
      expect(await from.ping(address, 5), `${from.make} to ${to.make}`).toBeGreaterThanOrEqual(4)
      expect(await transfer(from, address, 8000, 1 << 20)).toMatchObject({ same: true })
    }
    // nobody hears a SYN to a port outside of the range, so that nobody refuses it either
    const late = ours.tell({ do: 'transfer', host: await ip6(native, 'fc'), port: 8002, bytes: 1 })
    await expect(Promise.race([late, new Promise((resolve) => setTimeout(resolve, 3000, 'silence'))])).resolves.toBe(
      'silence',
    )
    late.catch(() => undefined)
    await Promise.all([native.leave(), ours.leave()])
  })

  it('of a /8: IPv4 and IPv6, and TCP', async () => {
    // not 10.0.0.0/8: the segment lies in it, and no node takes a path into a network that it has joined
    const network = 'ff2c000000000001'
    await Promise.all([native.join(network, 2, { allowGlobal: true }), ours.join(network, 2)])
    for (const member of [native, ours]) await member.tell({ do: 'echo-server', port: 7 })
    for (const [from, to] of bothWays())
      for (const address of [await ip4(to), await ip6(to, 'fc')]) {
        expect(await from.ping(address, 5), `${from.make} to ${to.make}`).toBeGreaterThanOrEqual(4)
        expect(await transfer(from, address, 7, 1 << 20)).toMatchObject({ same: true })
      }
  })
})
