import { describe, expect, it } from 'vitest'
import { decode } from '../../../src/protocol/kernel/codec.ts'
import { E } from '../../../src/protocol/kernel/fp.ts'
import { address } from '../../../src/protocol/kernel/id.ts'
import { whois } from '../../../src/protocol/verb/whois.ts'
import { unhex } from '../../support/checker.ts'
import { itIsACodec } from '../../support/codec-laws.ts'

const [a, b] = [address(0xd25dedb2d1), address(0x7f0f61a870)]

describe('WHOIS', () => {
  itIsACodec(whois, [
    { says: 'a question for one address', value: [a], bytes: 'd25dedb2d1' },
    { says: 'a question for two addresses', value: [a, b], bytes: 'd25dedb2d17f0f61a870', needs: 5 },
  ])

  it('ignores a trailing part of an address', () => {
    expect(decode(whois, unhex('d25dedb2d17f0f61'))).toEqual(E.right([a]))
  })
})
