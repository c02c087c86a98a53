import { expect, it } from 'vitest'
import { mac } from '../../src/protocol/kernel/id.ts'
import { ipFrom, linkLocalOf } from '../../src/tcpip/address.ts'
import { chooseSource } from '../../src/tcpip/source-address.ts'

const choose = (to: string, candidates: readonly string[], hop = to): string | undefined =>
  chooseSource(
    ipFrom(to),
    ipFrom(hop),
    candidates.map((text) => ({ ip: ipFrom(text.split('/')[0]!), bits: Number(text.split('/')[1]) })),
  )?.text

it.each([
  { to: '10.2.0.9', of: ['10.1.0.1/24', '10.2.0.1/24'], source: '10.2.0.1', why: 'its prefix holds the destination' },
  { to: '8.8.8.8', of: ['10.1.0.1/24', '10.2.0.1/24'], source: '10.1.0.1', why: 'it is the first' },
  { to: 'fe80::9', of: ['fd00::1/64', 'fe80::1/64'], source: 'fe80::1', why: 'link-local speaks to link-local' },
  { to: 'fd00::9', of: ['fe80::1/64', 'fd00::1/64'], source: 'fd00::1', why: 'link-local does not reach that far' },
  { to: 'ff02::1', of: ['fd00::1/64', 'fe80::1/64'], source: 'fe80::1', why: 'the group is link-local' },
  { to: 'ff0e::1', of: ['fe80::1/64', '2001:db8::1/64'], source: '2001:db8::1', why: 'the group is global' },
  { to: 'fc00::9', of: ['2001:db8::1/64', 'fd00::1/64'], source: 'fd00::1', why: 'labels agree' },
  { to: '2001:db8::9', of: ['fd00::1/64', '2001:db8:1::1/64'], source: '2001:db8:1::1', why: 'labels agree' },
  { to: 'fd00:2::9', of: ['fd00:1::1/64', 'fd00:2::1/64'], source: 'fd00:2::1', why: 'the prefix is longest' },
  { to: 'fd00::9', of: ['10.0.0.1/24'], source: undefined, why: 'there is none of its family' },
])('towards $to, $source of $of, because $why (RFC 6724)', ({ to, of, source }) => {
  expect(choose(to, of)).toBe(source)
})

it('by way of a router, the IPv4 address in its network', () => {
  expect(choose('8.8.8.8', ['10.1.0.1/24', '10.2.0.1/24'], '10.2.0.254')).toBe('10.2.0.1')
})

it('the link-local address is the EUI-64 of the MAC', () => {
  expect(linkLocalOf(mac(0x0011_2233_4455)).text).toBe('fe80::211:22ff:fe33:4455')
  expect(linkLocalOf(mac(0xfeff_ffff_fffe)).text).toBe('fe80::fcff:ffff:feff:fffe')
})
