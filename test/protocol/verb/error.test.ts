import { describe, expect, it } from 'vitest'
import { decode } from '../../../src/protocol/kernel/codec.ts'
import { E } from '../../../src/protocol/kernel/fp.ts'
import { mac, networkId } from '../../../src/protocol/kernel/id.ts'
import {
  error,
  errorAuthenticationRequired,
  errorNetwork,
  errorUnwantedMulticast,
} from '../../../src/protocol/verb/error.ts'
import { unhex } from '../../support/checker.ts'
import { itIsACodec } from '../../support/codec-laws.ts'

const network = networkId(0x8056c2e21c000001n)

describe('ERROR', () => {
  itIsACodec(error, [
    {
      says: 'a collision',
      value: { inReVerb: 1, inReId: 0xfc471419db4f41e7n, code: 4, detail: unhex('') },
      bytes: '01fc471419db4f41e704',
    },
    {
      says: 'a refusal of a network',
      value: { inReVerb: 11, inReId: 0x91f25be794a5bb9fn, code: 7, detail: unhex('8056c2e21c000001') },
      bytes: '0b91f25be794a5bb9f078056c2e21c000001',
      needs: 10,
    },
  ])
})

describe('the detail of an ERROR', () => {
  itIsACodec(errorNetwork, [{ says: 'a network', value: { network }, bytes: '8056c2e21c000001' }])
  itIsACodec(errorUnwantedMulticast, [
    {
      says: 'an unwanted group',
      value: { network, mac: mac(0xffffffffffff), adi: 0x0a000001 },
      bytes: '8056c2e21c000001ffffffffffff0a000001',
    },
  ])
  itIsACodec(errorAuthenticationRequired, [
    { says: 'a network only', value: { network, dictionary: undefined }, bytes: '8056c2e21c000001' },
    {
      says: 'a dictionary',
      value: { network, dictionary: unhex('61563d30') },
      bytes: '8056c2e21c000001000461563d30',
      needs: 8,
    },
  ])

  it('refuses a dictionary that is cut off', () => {
    expect(decode(errorAuthenticationRequired, unhex('8056c2e21c00000100046156'))).toMatchObject(
      E.left({ _tag: 'Short', missing: 2 }),
    )
  })
})
