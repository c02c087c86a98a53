import { describe, expect, it } from 'vitest'
import { address } from '../../../src/protocol/kernel/id.ts'
import { endpointIn, rendezvous, rendezvousAt } from '../../../src/protocol/verb/rendezvous.ts'
import { unhex } from '../../support/checker.ts'
import { itIsACodec } from '../../support/codec-laws.ts'

const peer = address(0xedc051c34f)

describe('RENDEZVOUS', () => {
  itIsACodec(
    rendezvous,
    [
      {
        says: 'an IPv4 endpoint',
        value: { flags: 0, peer, port: 50_000, ip: unhex('08070605') },
        bytes: '00edc051c34fc3500408070605',
      },
      {
        says: 'an IPv6 endpoint',
        value: { flags: 0, peer, port: 50_001, ip: unhex('20010db8000000000000000000000099') },
        bytes: '00edc051c34fc3511020010db8000000000000000000000099',
      },
    ],
    [
      { field: 'ip length', bytes: '00edc051c34fc3500608070605dead' },
      { field: 'ip length', bytes: '00edc051c34fc35000' },
    ],
  )

  it.each(['8.7.6.5', '2001:db8::99'])('names the endpoint at %s', (ip) => {
    const endpoint = { address: ip, port: 50_000 }
    expect(endpointIn(rendezvousAt(peer, endpoint)!)).toEqual(endpoint)
  })

  it('names no endpoint where there is no IP', () => {
    expect(rendezvousAt(peer, { address: 'example.com', port: 1 })).toBeUndefined()
  })
})
