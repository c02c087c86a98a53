import { describe, expect, it } from 'vitest'
import { decode, encode, reader } from '../../../src/protocol/kernel/codec.ts'
import { E } from '../../../src/protocol/kernel/fp.ts'
import { address } from '../../../src/protocol/kernel/id.ts'
import { type Hello, hello, helloMoons } from '../../../src/protocol/verb/hello.ts'
import { unhex } from '../../support/checker.ts'
import { itIsACodec } from '../../support/codec-laws.ts'

const identity = { address: address(0x8056c2e21c), publicKey: new Uint8Array(64).fill(0x5a) }
const introduction: Hello = {
  protocol: 12,
  major: 1,
  minor: 14,
  revision: 1,
  clock: 0x18bcfe56805n,
  identity,
  sentTo: undefined,
  planet: undefined,
}
const said = `0c010e00010000018bcfe568058056c2e21c00${'5a'.repeat(64)}00`
const planet = { id: 0x8eac90an, timestamp: 1_644_592_324_813n }
const planetSaid = '0000000008eac90a0000017ee95760cd'

describe('HELLO', () => {
  itIsACodec(hello, [
    { says: 'a HELLO that ends with the identity', value: introduction, bytes: said },
    {
      says: 'a HELLO that ends with the endpoint',
      value: { ...introduction, sentTo: { address: '10.9.8.7', port: 9993 } },
      bytes: `${said}040a0908072709`,
      needs: 84,
    },
    {
      says: 'a HELLO through a relay',
      value: { ...introduction, sentTo: null, planet },
      bytes: `${said}00${planetSaid}`,
      needs: 84,
    },
    {
      says: 'a HELLO to an IPv6 endpoint',
      value: { ...introduction, sentTo: { address: '2001:db8::77', port: 443 }, planet },
      bytes: `${said}0620010db800000000000000000000007701bb${planetSaid}`,
      needs: 84,
    },
  ])

  it('takes what is too short for a planet as no planet', () => {
    const r = reader(unhex(`${said}00${planetSaid.slice(2)}`))
    expect(hello.read(r)).toEqual(E.right({ ...introduction, sentTo: null }))
    expect(r.at).toBe(r.end)
  })

  it('refuses an endpoint that is cut off', () => {
    expect(decode(hello, unhex(`${said}040a09`))).toMatchObject(E.left({ _tag: 'Short', missing: 4 }))
  })

  it('refuses an identity of another type', () => {
    expect(decode(hello, unhex(said.replace('21c00', '21c01')))).toMatchObject(E.left({ field: 'identity type' }))
  })

  it('stops where the encrypted tail begins', () => {
    const r = reader(unhex(`${said}00${planetSaid}c0ffee`))
    hello.read(r)
    expect(r.end - r.at).toBe(3)
  })
})

describe('the tail of HELLO', () => {
  itIsACodec(helloMoons, [
    { says: 'no moons', value: [], bytes: '0000', needs: 0 },
    {
      says: 'an orbited and a wanted moon',
      value: [
        { id: 0x9f3b6ce00an, timestamp: 1_500_000_000_001n },
        { id: 0xfb3a4e51a7n, timestamp: 0n },
      ],
      bytes: '00027f0000009f3b6ce00a0000015d3ef798017f000000fb3a4e51a70000000000000000',
      needs: 0,
    },
  ])

  it('reads nothing at all, or half a count, as no moons', () => {
    expect(decode(helloMoons, unhex(''))).toEqual(E.right([]))
    expect(decode(helloMoons, unhex('00'))).toEqual(E.right([]))
  })

  it('passes over worlds of other types', () => {
    const planetEntry = `01${planetSaid}`
    const moonEntry = '7f000000000000000a000000000000000b'
    expect(decode(helloMoons, unhex(`0002${planetEntry}${moonEntry}`))).toEqual(E.right([{ id: 10n, timestamp: 11n }]))
  })

  it('finds a list short that promises more than there is', () => {
    const two = encode(helloMoons, [
      { id: 1n, timestamp: 2n },
      { id: 3n, timestamp: 4n },
    ])
    for (let n = 2; n < two.length; n++)
      expect(decode(helloMoons, two.subarray(0, n))).toMatchObject(E.left({ _tag: 'Short' }))
  })
})
