import { describe, expect, it } from 'vitest'
import { writeU16 } from '../../src/protocol/kernel/codec.ts'
import { ipFrom } from '../../src/tcpip/address.ts'
import { checksumOf, pseudoHeaderSum, sum } from '../../src/tcpip/checksum.ts'
import { frame4, ipv4 } from './craft.ts'
import { route, Segment } from './segment.ts'

describe('a route', () => {
  const lost = route('172.16.0.0/12', '10.9.9.9')
  const good = route('192.168.0.0/16', '10.0.0.2')

  it('by way of an address that is not on the link is left out, and told of once', () => {
    const host = new Segment().host({ addresses: ['10.0.0.1/24'], routes: [lost, good] })
    expect(host.all('RouteUnreachable').map((output) => output.route)).toEqual([lost])
    host.configure(['10.0.0.1/24', '10.0.1.1/24'], [lost, good])
    expect(host.all('RouteUnreachable')).toHaveLength(1)
    host.call({ call: 'connect', id: 1, remote: { address: '172.16.0.1', port: 80 }, options: {}, deadline: Infinity })
    expect(host.of(1)).toEqual([{ _tag: 'Failed', id: 1, code: 'ENETUNREACH' }])
  })

  it('that has been of use meanwhile is told of again', () => {
    const host = new Segment().host({ addresses: ['10.0.0.1/24'], routes: [lost] })
    host.configure(['10.0.0.1/24', '10.9.9.1/24'], [lost])
    expect(host.all('RouteUnreachable')).toHaveLength(1)
    host.configure(['10.0.0.1/24'], [lost])
    expect(host.all('RouteUnreachable')).toHaveLength(2)
  })
})

it('a reset that has no way back is dropped aloud', () => {
  const segment = new Segment()
  const host = segment.host({ addresses: ['10.0.0.1/24'] })
  const syn = Uint8Array.of(0x13, 0x88, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0xff, 0xff, 0, 0, 0, 0)
  const total = pseudoHeaderSum(ipFrom('8.8.8.8').bytes, ipFrom('10.0.0.1').bytes, 6, syn.length)
  writeU16(syn, 16, checksumOf(total + sum(syn)))
  const before = host.sent.length
  host.hear(frame4(host.mac, ipv4({ from: '8.8.8.8', to: '10.0.0.1', protocol: 6, payload: syn })))
  expect(host.drops()).toEqual(['no-route', 'tcp-no-port'])
  expect(host.sent).toHaveLength(before)
})
