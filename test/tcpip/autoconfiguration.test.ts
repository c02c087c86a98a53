import { describe, expect, it } from 'vitest'
import type { StackOutput } from '../../src/tcpip/stack-io.ts'
import { nameOf, STRANGER, solicitation } from './craft.ts'
import { advertisement, mtu, prefix, ROUTER, servers } from './router.ts'
import { Segment } from './segment.ts'

const OWN = '2001:db8:0:1:0:ff:fe00:1'

const world = (acceptRouters: boolean) => {
  const segment = new Segment()
  const a = segment.host({ addresses: ['fd00::1/64'] })
  segment.run(3000)
  const since = a.sent.length
  const addresses = [{ address: 'fd00::1', bits: 64 }]
  a.input({ _tag: 'Configure', mtu: 2800, addresses, routes: [], acceptRouters })
  const advertised = () =>
    a.outputs.filter((one): one is Extract<StackOutput, { _tag: 'Advertised' }> => one._tag === 'Advertised').at(-1)
  const asked = () => a.sent.slice(since).filter(({ payload }) => payload[6] === 58 && payload[40] === 133)
  const ping = (to: string) => a.call({ call: 'echo', id: 1, to, seq: 1, size: 8 })
  return { segment, a, advertised, asked, ping }
}

it('routers are not listened to by default, nor asked for (G11)', () => {
  const { segment, a, advertised, asked } = world(false)
  a.hear(advertisement(1800, [prefix('2001:db8:0:1::', 3600), mtu(1400)]))
  segment.run(20_000)
  expect(a.drops()).toEqual(['icmp-ignored'])
  expect([advertised(), asked()]).toEqual([undefined, []])
})

describe('where routers are accepted', () => {
  it('they are asked for three times, four seconds apart, unless one speaks', () => {
    const silent = world(true)
    silent.segment.run(20_000)
    expect(silent.asked()).toHaveLength(3)
    const [first] = silent.asked()
    expect([first!.to, first!.payload[7], first!.payload[48]]).toEqual([0x3333_0000_0002, 255, 1])
    const heard = world(true)
    heard.segment.run(1000)
    heard.a.hear(advertisement(1800, []))
    heard.segment.run(20_000)
    expect(heard.asked()).toHaveLength(1)
  })

  it('they give an address, what is on the link, a default route, name servers and an MTU', () => {
    const { segment, a, advertised, ping } = world(true)
    a.hear(advertisement(1800, [prefix('2001:db8:0:1::', 3600), mtu(1400), servers(600, '2001:db8::53', 'fd00::53')]))
    expect(advertised()).toEqual({ _tag: 'Advertised', addresses: [OWN], servers: ['2001:db8::53', 'fd00::53'] })
    segment.run(3000)
    ping('2001:db8:0:1::7')
    expect(nameOf(a.sent.at(-1)!)).toBe('NS …7 group')
    ping('2001:db8:77::1')
    expect(nameOf(a.sent.at(-1)!)).toBe('NS …153 group')
    a.hear(solicitation(STRANGER, ROUTER, 'ff02::1:ff00:1', OWN))
    a.call({ call: 'echo', id: 1, to: '2001:db8:77::1', seq: 2, size: 3000 })
    const last = a.sent.slice(-3)
    expect(last.map(({ to, payload }) => [to, payload.length <= 1400])).toEqual(new Array(3).fill([STRANGER, true]))
  })

  it('what they gave ends with its time, and with a lifetime of zero', () => {
    const { segment, a, advertised, ping } = world(true)
    const failures = () => a.all('EchoFailed').map(({ code }) => code)
    a.hear(advertisement(1800, [prefix('2001:db8:0:1::', 10_000), servers(60, 'fd00::53')]))
    segment.run(60_000)
    expect(advertised()).toMatchObject({ addresses: [OWN], servers: [] })
    a.hear(advertisement(0, []))
    ping('2001:db8:77::1')
    expect(failures()).toEqual(['ENETUNREACH'])
    segment.run(10_000_000)
    expect(advertised()).toMatchObject({ addresses: [] })
    ping('2001:db8:0:1::7')
    expect(failures()).toEqual(['ENETUNREACH', 'ENETUNREACH'])
  })

  it('nobody shortens the life of an address to less than two hours', () => {
    const { segment, a, advertised } = world(true)
    a.hear(advertisement(0, [prefix('2001:db8:0:1::', 100_000)]))
    a.hear(advertisement(0, [prefix('2001:db8:0:1::', 1)]))
    segment.run(7_199_000)
    expect(advertised()).toMatchObject({ addresses: [OWN] })
    a.hear(advertisement(0, [prefix('2001:db8:0:1::', 0)]))
    expect(advertised()).toMatchObject({ addresses: [OWN] })
    segment.run(1000)
    expect(advertised()).toMatchObject({ addresses: [] })
  })

  it('an address that somebody else has is given up, and not taken again', () => {
    const { segment, a, advertised } = world(true)
    a.hear(advertisement(0, [prefix('2001:db8:0:1::', 3600)]))
    a.hear(solicitation(STRANGER, '::', 'ff02::1:ff00:1', OWN))
    expect(a.all('Conflict')).toMatchObject([{ address: OWN, mac: STRANGER }])
    expect(advertised()).toMatchObject({ addresses: [] })
    a.hear(advertisement(0, [prefix('2001:db8:0:1::', 3600)]))
    segment.run(3000)
    expect(advertised()).toMatchObject({ addresses: [] })
  })

  it('prefixes that are link-local, of another length or not for addresses give none', () => {
    const { a, advertised } = world(true)
    const [local, long] = [prefix('fe80::', 3600), prefix('2001:db8:0:2::', 3600, { bits: 80 })]
    a.hear(advertisement(0, [local, long, prefix('2001:db8:0:3::', 3600, { flags: 0x80 })]))
    expect(advertised()).toMatchObject({ addresses: [] })
  })

  it('no more than sixteen of a kind are kept', () => {
    const { a, advertised } = world(true)
    for (let i = 0; i < 30; i++) a.hear(advertisement(0, [prefix(`2001:db8:0:${i + 1}::`, 3600)]))
    expect(advertised()?.addresses).toHaveLength(16)
  })

  it('one who is not on the link, or whose options are malformed, is not believed', () => {
    const { a, advertised } = world(true)
    const good = [prefix('2001:db8:0:1::', 3600)]
    a.hear(advertisement(1800, good, ROUTER, 254), advertisement(1800, good, 'fd00::99'))
    a.hear(advertisement(1800, [Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0)]))
    a.hear(advertisement(1800, [Uint8Array.of(5, 2, 0, 0, 0, 0, 0, 0)]))
    expect(a.drops()).toEqual(new Array(4).fill('ndp-malformed'))
    expect(advertised()).toBeUndefined()
  })

  it('what they said is forgotten when they are no longer accepted', () => {
    const { segment, a, ping } = world(true)
    a.hear(advertisement(1800, [prefix('2001:db8:0:1::', 3600)]))
    a.configure(['fd00::1/64'])
    segment.run(10)
    ping('2001:db8:77::1')
    expect(a.all('EchoFailed')).toMatchObject([{ code: 'ENETUNREACH' }])
    expect(a.all('Groups').at(-1)!.groups).toHaveLength(3)
  })
})
