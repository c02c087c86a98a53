import { describe, expect, it } from 'vitest'
import { decode } from '../../../src/protocol/kernel/codec.ts'
import { E } from '../../../src/protocol/kernel/fp.ts'
import { pathFlag, pushDirectPaths } from '../../../src/protocol/verb/push-direct-paths.ts'
import { unhex } from '../../support/checker.ts'
import { itIsACodec } from '../../support/codec-laws.ts'

const extension = unhex('')
const ipv4 = { flags: 0, extension, endpoint: { address: '192.168.5.6', port: 9993 } }

describe('PUSH_DIRECT_PATHS', () => {
  itIsACodec(
    pushDirectPaths,
    [
      { says: 'no path', value: { paths: [] }, bytes: '0000' },
      { says: 'an IPv4 path', value: { paths: [ipv4] }, bytes: '00010000000406c0a805062709' },
      {
        says: 'an IPv6 path with an extension, and one to forget',
        value: {
          paths: [
            { flags: 0, extension: unhex('abcd'), endpoint: { address: 'fd00:1::5', port: 9994 } },
            { ...ipv4, flags: pathFlag.forget },
          ],
        },
        bytes: '0002000002abcd0612fd000001000000000000000000000005270a0100000406c0a805062709',
      },
    ],
    [{ field: 'number of paths', bytes: '0801' }],
  )

  it.each([
    ['an unknown type', '00020000000503aabbcc0000000406c0a805062709'],
    ['an IPv4 address of the wrong length', '00020000000403aabbcc0000000406c0a805062709'],
  ])('goes on behind %s', (_, bytes) => {
    expect(decode(pushDirectPaths, unhex(bytes))).toEqual(
      E.right({ paths: [{ flags: 0, extension, endpoint: null }, ipv4] }),
    )
  })
})
