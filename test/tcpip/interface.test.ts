import { describe, expect, it } from 'vitest'
import { mac } from '../../src/protocol/kernel/id.ts'
import { ipFrom } from '../../src/tcpip/address.ts'
import { createInterface } from '../../src/tcpip/interface.ts'
import { interning } from '../../src/tcpip/interning.ts'

const prefix = (text: string) => ({ address: text.split('/')[0]!, bits: Number(text.split('/')[1]) })
const up = (...addresses: readonly string[]) => {
  const iface = createInterface(mac(0x0200_0000_0001), interning())
  return { iface, change: iface.configure(2800, addresses.map(prefix), [], 0) }
}

describe('an interface', () => {
  it('has its link-local address whatever else it is given', () => {
    const { iface, change } = up()
    expect(change.added.map(({ ip }) => ip.text)).toEqual(['fe80::ff:fe00:1'])
    expect(iface.isLocal(ipFrom('fe80::ff:fe00:1'))).toBe(true)
  })

  it('tells what came and what went', () => {
    const { iface } = up('10.0.0.1/24', 'fd00::1/64')
    const { added, removed } = iface.configure(2800, ['10.0.0.2/24', 'fd00::1/64'].map(prefix), [], 1)
    expect(added.map(({ ip }) => ip.text)).toEqual(['10.0.0.2'])
    expect(removed.map(({ text }) => text)).toEqual(['10.0.0.1'])
  })

  it.each([
    { of: '10.1.2.3/24', broadcast: '10.1.2.255' },
    { of: '10.1.2.3/8', broadcast: '10.255.255.255' },
    { of: '10.1.2.3/30', broadcast: '10.1.2.3' },
  ])('knows the broadcast address of $of', ({ of, broadcast }) => {
    expect(up(of).iface.isBroadcast(ipFrom(broadcast))).toBe(true)
  })
  it('knows of no broadcast in /31 and /32, nor in IPv6', () => {
    const { iface } = up('10.1.2.3/31', '10.1.4.4/32', 'fd00::1/64')
    for (const text of ['10.1.2.3', '10.1.4.4', 'fd00::ffff']) expect(iface.isBroadcast(ipFrom(text))).toBe(false)
    expect(iface.isBroadcast(ipFrom('255.255.255.255'))).toBe(true)
  })

  it('ignores addresses and prefixes that are none, and spells the others one way', () => {
    const { iface } = up('10.0.0.1/33', 'nonsense/24', '10.0.0.2/-1', 'fd00::1/129', 'FD00:0:0::2/64', 'fd00::2/64')
    expect(iface.own().map(({ ip }) => ip.text)).toEqual(['fd00::2', 'fe80::ff:fe00:1'])
  })
})
