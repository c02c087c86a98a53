import { describe, expect, it } from 'vitest'
import { decode } from '../../../src/protocol/kernel/codec.ts'
import { E } from '../../../src/protocol/kernel/fp.ts'
import { address } from '../../../src/protocol/kernel/id.ts'
import { ok, okHello, okWhois } from '../../../src/protocol/verb/ok.ts'
import { unhex } from '../../support/checker.ts'
import { itIsACodec } from '../../support/codec-laws.ts'

const identity = (name: number) => ({ address: address(name), publicKey: new Uint8Array(64).fill(0x77) })
const identityBytes = (name: string): string => `${name}00${'77'.repeat(64)}00`

describe('OK', () => {
  itIsACodec(ok, [
    {
      says: 'an answer',
      value: { inReVerb: 8, inReId: 0x1f7590b941cd009cn, answer: unhex('beef') },
      bytes: '081f7590b941cd009cbeef',
      needs: 9,
    },
    { says: 'an empty answer', value: { inReVerb: 8, inReId: 1n, answer: unhex('') }, bytes: '080000000000000001' },
  ])
})

describe('OK(HELLO)', () => {
  const value = {
    clock: 0x18bcfe56805n,
    protocol: 12,
    major: 1,
    minor: 14,
    revision: 1,
    seenAt: { address: '7.7.7.1', port: 20_001 },
    updates: unhex(''),
  }
  itIsACodec(okHello, [
    {
      says: 'an answer without worlds',
      value,
      bytes: '0000018bcfe568050c010e000104070707014e210000',
      needs: 13,
    },
    {
      says: 'an answer with worlds and no endpoint',
      value: { ...value, seenAt: null, updates: unhex('c0ffee') },
      bytes: '0000018bcfe568050c010e0001000003c0ffee',
      needs: 13,
    },
  ])

  it('does without the endpoint and the worlds', () => {
    expect(decode(okHello, unhex('0000018bcfe568050c010e0001'))).toEqual(E.right({ ...value, seenAt: null }))
    expect(decode(okHello, unhex('0000018bcfe568050c010e000104070707014e21'))).toEqual(E.right(value))
  })

  it('refuses worlds that are cut off', () => {
    expect(decode(okHello, unhex('0000018bcfe568050c010e0001000003c0ff'))).toMatchObject(
      E.left({ _tag: 'Short', missing: 1 }),
    )
  })
})

describe('OK(WHOIS)', () => {
  const [first, second] = [identityBytes('8056c2e21c'), identityBytes('0102030405')]
  itIsACodec(okWhois, [
    { says: 'one identity', value: [identity(0x8056c2e21c)], bytes: first },
    {
      says: 'two identities',
      value: [identity(0x8056c2e21c), identity(0x0102030405)],
      bytes: first + second,
      needs: 71,
    },
  ])

  it('ends the list at the first identity after the first that is not whole', () => {
    expect(decode(okWhois, unhex(`${first}0102`))).toEqual(E.right([identity(0x8056c2e21c)]))
  })
})
