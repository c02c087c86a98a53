import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually, LocalApi } from './namespaces.ts'
import { ip4, type Member, type NativeMember, type OurMember } from './network-member.ts'
import { able, Testbed } from './testbed.ts'

describe.skipIf(!able)('a home directory that changes hands', () => {
  let bed: Testbed
  let native: NativeMember
  let ours: OurMember
  let first: string
  let second: string

  beforeAll(async () => {
    bed = await Testbed.open('native')
    native = await bed.native('a')
    ours = await bed.ours('x')
    first = bed.create('10.147.0')
    second = bed.create('10.148.0')
    await bed.admit(first, [native, ours])
  })
  afterAll(() => bed.close())

  const settings = ({ allowManaged, allowGlobal, allowDefault, allowDNS }: Record<string, boolean>) => ({
    allowManaged,
    allowGlobal,
    allowDefault,
    allowDNS,
  })

  it('networks.d: networks and their settings, from a native member to ours and back', async () => {
    const before = native.node.api('POST', `/network/${first}`, { allowGlobal: true })
    await native.node.stop()

    const inherited = await bed.ours('a', bed.segment.home('a'))
    const api = new LocalApi(bed.segment, 'a', bed.segment.home('a'))
    const taken = await eventually(
      'our status',
      () => api.api('GET', `/network/${first}`),
      (state) => state.status === 'OK' && state.assignedAddresses.length === 2,
    )
    expect(taken.assignedAddresses.sort()).toEqual(before.assignedAddresses.sort())
    expect(settings(taken)).toEqual(settings(before))
    expect(await ours.ping(await ip4(ours), 1)).toBe(1)
    expect(
      await ours.ping(before.assignedAddresses.find((one: string) => one.includes('.')).split('/')[0], 5),
    ).toBeGreaterThan(0)

    bed.set(second, inherited, { authorized: true })
    api.api('POST', `/network/${second}`, { allowDefault: true })
    await eventually(
      'the second network',
      () => api.api('GET', `/network/${second}`),
      (state) => state.status === 'OK',
    )
    await inherited.tell({ do: 'close' })
    await inherited.node.kill()

    native = await bed.native('a')
    const back = await eventually(
      'both networks',
      () => native.node.api('GET', '/network'),
      (all) => all.length === 2 && all.every((one: { status: string }) => one.status === 'OK'),
    )
    const [one, two] = [first, second].map((id) => back.find((net: { id: string }) => net.id === id))
    expect(settings(one)).toEqual(settings(before))
    expect(settings(two)).toEqual({ allowManaged: true, allowGlobal: false, allowDefault: true, allowDNS: false })
    expect(native.node.api('GET', '/status').address).toBe(native.id)
  })

  it('controller.d: networks and members, from a native controller to ours and back', async () => {
    const read = (path: string) => bed.controller.api('GET', path)
    /** Without what a controller adds when it is asked. */
    const lasting = (record: Record<string, unknown>) =>
      Object.fromEntries(Object.entries(record).filter(([key]) => !['clock', 'lastModified'].includes(key)))
    const members: readonly Member[] = [native, ours]
    const records = () => [
      lasting(read(`/controller/network/${first}`)),
      ...members.map(({ id }) => {
        // what changes with each request is left out
        const { revision: _, ...rest } = lasting(read(`/controller/network/${first}/member/${id}`))
        return rest
      }),
    ]
    const before = records()

    await bed.restartController('ours')
    await eventually(
      'the records',
      () => bed.controller.try('GET', `/controller/network/${first}`)?.id,
      (id) => id === first,
    )
    expect(records()).toEqual(before)
    const third = bed.create('10.149.0')
    const fresh = await bed.ours('y')
    await bed.admit(third, [fresh])
    await bed.admit(first, [await bed.ours('z')])
    const made = [third, first].map((id) => read(`/controller/network/${id}/member`))

    await bed.restartController('native')
    await eventually(
      'the records',
      () => bed.controller.try('GET', `/controller/network/${third}`)?.id,
      (id) => id === third,
    )
    expect(read('/controller/network').sort()).toEqual([first, second, third].sort())
    const kept = [third, first].map((id) => read(`/controller/network/${id}/member`))
    expect(kept.map((one) => Object.keys(one).sort())).toEqual(made.map((one) => Object.keys(one).sort()))
    const late = await bed.ours('w')
    await bed.admit(third, [late])
    expect(await late.ping(await ip4(fresh), 5)).toBeGreaterThan(0)
  })
})
